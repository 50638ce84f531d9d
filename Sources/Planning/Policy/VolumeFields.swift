import StagingModel
import StrictYAML

/// Every type of volume, as ``PodFields``. What is allowed is also what the level "restricted" allows, without CSI's inline volumes.
enum VolumeFields {
    static let volume = FieldRule.fields(rules)

    private static let rules: [String: FieldRule] = {
        var rules: [String: FieldRule] = [
            "name": .scalar,
            "configMap": .fields(["defaultMode": .scalar, "items": keys, "name": .scalar, "optional": .scalar]),
            "downwardAPI": .fields(["defaultMode": .scalar, "items": downward]),
            "emptyDir": .fields([
                "medium": .only("", "Memory", because: "huge pages are the server's to give; remove the field"),
                "sizeLimit": .judged(.scalar) { field, review in
                    review.atMost(review.policy.limits.ephemeralStorage, field, "limits.ephemeralStorage")
                },
            ]),
            "ephemeral": .fields([
                "readOnly": .scalar,  // of 1.20 and before
                "volumeClaimTemplate": .fields(["metadata": MetadataFields.metadata, "spec": KindFields.volumeClaim]),
            ]),
            "persistentVolumeClaim": .fields(["claimName": .scalar, "readOnly": .scalar]),
            "projected": .fields([
                "defaultMode": .scalar,
                "sources": .list(
                    .fields([
                        "clusterTrustBundle": .refused("can't be projected into a stack's pods; remove it"),
                        "configMap": .fields(["items": keys, "name": .scalar, "optional": .scalar]),
                        "downwardAPI": .fields(["items": downward]),
                        "podCertificate": .refused("can't be projected into a stack's pods; remove it"),
                        "secret": .fields(["items": keys, "name": .scalar, "optional": .scalar]),
                        "serviceAccountToken": .refused("it would be a token for the cluster's API; remove it"),
                    ])),
            ]),
            "secret": .fields(["defaultMode": .scalar, "items": keys, "optional": .scalar, "secretName": .scalar]),
        ]
        let usable = rules.keys.filter { $0 != "name" }.sorted().joined(separator: ", ")
        for type in never { rules[type] = .refused("volumes of this type are not allowed; use \(usable)") }
        for type in allowableVolumes {
            rules[type] = .judged(.any) { field, review in
                if !review.policy.allow.volumes.contains(type) {
                    review.refuse(field, "the node would mount it from outside the stack", allowedBy: "volumes", type)
                }
            }
        }
        return rules
    }()

    /// Of the node, or of a disk that anybody can name.
    private static let never = [
        "awsElasticBlockStore", "azureDisk", "cinder", "fc", "flexVolume", "flocker", "gcePersistentDisk", "gitRepo", "hostPath", "iscsi",
        "photonPersistentDisk", "portworxVolume", "quobyte", "rbd", "scaleIO", "storageos", "vsphereVolume",
    ]

    private static let keys = FieldRule.list(.fields(["key": .scalar, "mode": .scalar, "path": .scalar]))
    private static let downward = FieldRule.list(
        .fields([
            "fieldRef": ContainerFields.fieldReference, "mode": .scalar, "path": .scalar,
            "resourceFieldRef": ContainerFields.resourceReference,
        ]))
}

/// The volume types that the server's configuration can allow: those of a server of files or images, which has rules of its own.
public let allowableVolumes = ["azureFile", "cephfs", "csi", "glusterfs", "image", "nfs"]
