import StagingModel
import StrictYAML

/// Every field of a container, as ``PodFields``.
enum ContainerFields {
    static let container = FieldRule.fields([
        "args": .scalars,
        "command": .scalars,
        "env": .list(
            .fields([
                "name": .scalar, "value": .scalar,
                "valueFrom": .fields([
                    "configMapKeyRef": keyReference, "secretKeyRef": keyReference, "fieldRef": fieldReference,
                    "resourceFieldRef": resourceReference,
                    "fileKeyRef": .fields(["key": .scalar, "optional": .scalar, "path": .scalar, "volumeName": .scalar]),
                ]),
            ])),
        "envFrom": .list(.fields(["configMapRef": reference, "prefix": .scalar, "secretRef": reference])),
        "image": .scalar,
        "imagePullPolicy": .scalar,
        "lifecycle": .fields(["postStart": .fields(handlers), "preStop": .fields(handlers), "stopSignal": .scalar]),
        "livenessProbe": probe,
        "name": .scalar,
        "ports": .list(
            .fields([
                "containerPort": .scalar, "name": .scalar, "protocol": .scalar,
                "hostIP": .refused("the port would be opened on the node; remove the field, and use a Service"),
                "hostPort": .only(0, because: "the port would be opened on the node; remove the field, and use a Service"),
            ])),
        "readinessProbe": probe,
        "resizePolicy": .list(.fields(["resourceName": .scalar, "restartPolicy": .scalar])),
        "resources": resources,
        "restartPolicy": .scalar,
        "restartPolicyRules": .any,
        "securityContext": securityContext,
        "startupProbe": probe,
        "stdin": .scalar,
        "stdinOnce": .scalar,
        "terminationMessagePath": .scalar,
        "terminationMessagePolicy": .scalar,
        "tty": .scalar,
        "volumeDevices": .list(.fields(["devicePath": .scalar, "name": .scalar])),
        "volumeMounts": .list(
            .fields([
                "mountPath": .scalar, "name": .scalar, "readOnly": .scalar, "recursiveReadOnly": .scalar, "subPath": .scalar,
                "subPathExpr": .scalar,
                "mountPropagation": .only(
                    "None", "HostToContainer", because: "mounts of the container would reach the node; remove the field"),
            ])),
        "workingDir": .scalar,
    ])

    private static let securityContext = FieldRule.fields([
        "allowPrivilegeEscalation": .judged(.scalar) { field, review in
            if review.policy.level == .restricted, field.value != false {
                review.refuse(field, "the level is \"restricted\", which a process must not leave; remove the field")
            }
        },
        "appArmorProfile": confinement,
        "capabilities": .fields(["add": .list(capability), "drop": .scalars]),
        "privileged": .onlyFalse("the container could take over the node; remove the field"),
        "procMount": .only("Default", because: "/proc stays masked; remove the field"),
        "readOnlyRootFilesystem": .scalar,
        "runAsGroup": .scalar,
        "runAsNonRoot": runAsNonRoot,
        "runAsUser": runAsUser,
        "seLinuxOptions": seLinuxOptions,
        "seccompProfile": confinement,
        "windowsOptions": windowsOptions,
    ])

    private static let capability = FieldRule.judged(.scalar) { field, review in
        let name = field.value.string ?? ""
        guard !review.policy.allow.capabilities.contains(name) else { return }
        review.refuse(field, "capabilities can be dropped but not added", allowedBy: "capabilities", name)
    }

    static let runAsNonRoot = FieldRule.judged(.scalar) { field, review in
        if review.policy.refusesRoot, field.value != true { review.refuse(field, asRoot) }
    }

    static let runAsUser = FieldRule.judged(.scalar) { field, review in
        if review.policy.refusesRoot, field.value.integer.map({ $0 <= 0 }) ?? true { review.refuse(field, asRoot) }
    }

    private static let asRoot =
        "the level is \"restricted\", without root; remove the field, or let an administrator set policy.allow.runAsRoot: true"

    /// Seccomp's and AppArmor's profiles look alike.
    static let confinement = FieldRule.fields([
        "type": .only("RuntimeDefault", "Localhost", because: "the pod would run unconfined; use RuntimeDefault"),
        "localhostProfile": .scalar,
    ])

    static let seLinuxOptions = FieldRule.refused("the cluster chooses the SELinux context; remove the field")

    static let windowsOptions = FieldRule.fields([
        "gmsaCredentialSpec": .refused("it would use an account of the domain; remove the field"),
        "gmsaCredentialSpecName": .refused("it would use an account of the domain; remove the field"),
        "hostProcess": .onlyFalse("the container would run on the node itself; remove the field"),
        "runAsUserName": .scalar,
    ])

    /// The quota bounds the sums; what no quota of the stack could ever grant is told here, before anything waits for it.
    static let resources = FieldRule.fields([
        "claims": .refused("devices are the server's to give; remove the field"), "limits": .judged(.scalarMap, amounts),
        "requests": .judged(.scalarMap, amounts),
    ])

    @Sendable private static func amounts(_ field: ManifestField, _ review: inout ManifestReview) {
        for (name, amount) in (field.value.object ?? [:]).sorted(by: { $0.key < $1.key }) {
            let field = ManifestField(amount, field.path.appending(name))
            switch name {
            case "cpu": review.atMost(review.policy.limits.cpu, field, "limits.cpu")
            case "memory": review.atMost(review.policy.limits.memory, field, "limits.memory")
            case "ephemeral-storage": review.atMost(review.policy.limits.ephemeralStorage, field, "limits.ephemeralStorage")
            default:
                if !review.policy.allow.resources.contains(name) {
                    review.refuse(field, "devices and huge pages are the server's to give", allowedBy: "resources", name)
                }
            }
        }
    }

    private static let probe = FieldRule.fields(
        handlers.merging([
            "failureThreshold": .scalar, "grpc": .fields(["port": .scalar, "service": .scalar]), "initialDelaySeconds": .scalar,
            "periodSeconds": .scalar, "successThreshold": .scalar, "terminationGracePeriodSeconds": .scalar, "timeoutSeconds": .scalar,
        ]) { first, _ in first })

    /// The kubelet makes these requests from the node's network.
    private static let handlers: [String: FieldRule] = {
        let host = FieldRule.refused("probes go to the pod itself; remove the field")
        return [
            "exec": .fields(["command": .scalars]),
            "httpGet": .fields([
                "host": host, "httpHeaders": .list(.fields(["name": .scalar, "value": .scalar])), "path": .scalar, "port": .scalar,
                "scheme": .scalar,
            ]),
            "sleep": .fields(["seconds": .scalar]),
            "tcpSocket": .fields(["host": host, "port": .scalar]),
        ]
    }()

    static let reference = FieldRule.fields(["name": .scalar, "optional": .scalar])
    private static let keyReference = FieldRule.fields(["key": .scalar, "name": .scalar, "optional": .scalar])
    static let fieldReference = FieldRule.fields(["apiVersion": .scalar, "fieldPath": .scalar])
    static let resourceReference = FieldRule.fields(["containerName": .scalar, "divisor": .scalar, "resource": .scalar])
}

extension ManifestReview {
    /// A quantity that no quota of the stack would ever grant.
    mutating func atMost(_ limit: String, _ field: ManifestField, _ key: String) {
        let text =
            switch field.value {
            case .string(let text): text
            case .integer(let number): String(number)
            case .number(let number): "\(number)"
            default: ""
            }
        guard let amount = quantity(text) else {
            return refuse(field, "\(Wording.quoted(text)) is not a quantity; write one such as 500m or 2Gi")
        }
        if let most = quantity(limit), amount > most {
            refuse(field, "\(Wording.quoted(text)) is more than the server's \(key), \(limit); ask for less")
        }
    }
}
