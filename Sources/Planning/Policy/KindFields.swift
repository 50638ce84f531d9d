import StagingModel
import StrictYAML

/// Every field of the allowed kinds that have no pods, and what surrounds the pods of those that have; as ``PodFields``.
enum KindFields {
    static let configMap: [String: FieldRule] = ["binaryData": .scalarMap, "data": .scalarMap, "immutable": .scalar]

    static let secret: [String: FieldRule] = [
        "data": .scalarMap, "immutable": .scalar, "stringData": .scalarMap,
        "type": .judged(.scalar) { field, review in
            if ["kubernetes.io/service-account-token", "bootstrap.kubernetes.io/token"].contains(field.value.string ?? "") {
                review.refuse(field, "it would hold a token for the cluster's API; use another type")
            }
        },
    ]

    static let serviceAccount: [String: FieldRule] = [
        "automountServiceAccountToken": .onlyFalse("stacks get no token for the cluster's API; remove the field"),
        "imagePullSecrets": .list(.fields(["name": .scalar])),
        "secrets": .list(
            .fields([
                "apiVersion": .scalar, "fieldPath": .scalar, "kind": .scalar, "name": .scalar, "resourceVersion": .scalar, "uid": .scalar,
                "namespace": .refused("an account uses Secrets of its own namespace; remove the field"),
            ])),
    ]

    static let volumeClaim = FieldRule.fields([
        "accessModes": .scalars,
        "dataSource": .refused("the volume would start with another's data; remove the field"),
        "dataSourceRef": .refused("the volume would start with another's data; remove the field"),
        "resources": .fields([
            "limits": .fields(["storage": storage]),
            "requests": .fields(["storage": storage]),
        ]),
        "selector": .refused("the claim would take an existing volume; remove the field"),
        "storageClassName": .scalar,
        "volumeAttributesClassName": .refused("how fast a volume is, is the server's to say; remove the field"),
        "volumeMode": .scalar,
        "volumeName": .refused("the claim would take an existing volume; remove the field"),
    ])

    private static let storage = FieldRule.judged(.scalar) { field, review in
        review.atMost(review.policy.limits.storage, field, "limits.storage")
    }

    /// `meta/v1` LabelSelector. The value of the label "managed-by" is replaced on every object, so a selector on it would find nothing.
    static let selector = FieldRule.fields([
        "matchLabels": labels,
        "matchExpressions": .list(
            .fields([
                "key": .judged(.scalar) { field, review in
                    if field.value == .string(StackMetadata.managedBy) { review.refuse(field, ownLabel) }
                },
                "operator": .scalar, "values": .scalars,
            ])),
    ])

    static let labels = FieldRule.judged(.scalarMap) { field, review in
        if field[StackMetadata.managedBy] != nil { review.refuse(field, ownLabel) }
    }

    private static let ownLabel = "Slingshot sets the label \(StackMetadata.managedBy) itself; select by another one"

    static let deployment = FieldRule.fields([
        "minReadySeconds": .scalar, "paused": .scalar, "progressDeadlineSeconds": .scalar, "replicas": replicas,
        "revisionHistoryLimit": .scalar, "selector": selector, "strategy": update, "template": podTemplate,
    ])

    static let statefulSet = FieldRule.fields([
        "minReadySeconds": .scalar, "ordinals": .fields(["start": .scalar]),
        "persistentVolumeClaimRetentionPolicy": .fields(["whenDeleted": .scalar, "whenScaled": .scalar]),
        "podManagementPolicy": .scalar, "replicas": replicas, "revisionHistoryLimit": .scalar, "selector": selector,
        "serviceName": .scalar, "template": podTemplate, "updateStrategy": update,
        "volumeClaimTemplates": .list(
            .fields([
                "apiVersion": .scalar, "kind": .scalar, "metadata": MetadataFields.metadata, "spec": volumeClaim, "status": .any,
            ])),
    ])

    static let daemonSet = FieldRule.fields([
        "minReadySeconds": .scalar, "revisionHistoryLimit": .scalar, "selector": selector, "template": podTemplate,
        "updateStrategy": update, "templateGeneration": .scalar,
    ])

    static let job = FieldRule.fields([
        "activeDeadlineSeconds": .scalar, "backoffLimit": .scalar, "backoffLimitPerIndex": .scalar, "completionMode": .scalar,
        "completions": .scalar, "managedBy": .refused("another controller would run the Job; remove the field"),
        "manualSelector": .scalar, "maxFailedIndexes": .scalar, "parallelism": replicas, "podFailurePolicy": .any,
        "podReplacementPolicy": .scalar, "selector": selector, "successPolicy": .any, "suspend": .scalar, "template": podTemplate,
        "ttlSecondsAfterFinished": .scalar,
    ])

    static let cronJob = FieldRule.fields([
        "concurrencyPolicy": .scalar, "failedJobsHistoryLimit": history,
        "jobTemplate": .fields(["metadata": MetadataFields.metadata, "spec": job]),
        "schedule": .scalar, "startingDeadlineSeconds": .scalar, "successfulJobsHistoryLimit": history, "suspend": .scalar,
        "timeZone": .scalar,
    ])

    static let autoscaler = FieldRule.fields([
        "behavior": .any, "maxReplicas": replicas, "metrics": .any, "minReplicas": replicas,
        "scaleTargetRef": .fields(["apiVersion": .scalar, "kind": .scalar, "name": .scalar]),
        "targetCPUUtilizationPercentage": .scalar,
    ])

    static let disruptionBudget = FieldRule.fields([
        "maxUnavailable": .scalar, "minAvailable": .scalar, "selector": selector, "unhealthyPodEvictionPolicy": .scalar,
    ])

    static let podTemplate = FieldRule.judged(
        .fields(["metadata": MetadataFields.metadata, "spec": PodFields.specification])
    ) { field, review in
        if field["spec"]?.value.object == nil { review.refuse(field.path.appending("spec"), "must be a pod's specification; add it") }
    }

    private static let update = FieldRule.fields([
        "rollingUpdate": .fields(["maxSurge": .scalar, "maxUnavailable": .scalar, "partition": .scalar]), "type": .scalar,
    ])

    /// More than the quota on pods would never become ready.
    private static let replicas = FieldRule.judged(.any) { field, review in
        let most = review.policy.limits.pods
        guard let count = field.value.integer, (0...Int64(most)).contains(count) else {
            return review.refuse(field, "must be a whole number from 0 to \(most), the server's limits.pods")
        }
    }

    /// Finished Jobs keep their pods.
    private static let history = FieldRule.judged(.any) { field, review in
        guard let count = field.value.integer, (0...10).contains(count) else {
            return review.refuse(field, "must be a whole number from 0 to 10, or the pods of old Jobs would pile up")
        }
    }
}
