import StagingModel

/// What Slingshot adds to every object of a stack.
struct Decoration {
    let namespace: String
    let hosts: [String]
    let labels: [String: String]
    let ingressClass: String?
    let tlsSecret: String?
    /// First in every container, so that the author's own variables can refer to them: `$(SLINGSHOT_URL)/callback`.
    let environment: [JSONValue]
    private let names: Set<String>
    private let policy: StackPolicy

    /// On pod templates: a digest of the stack's ConfigMaps and Secrets, so that a change of one reaches the pods that read it.
    static let configurationDigest = "slingshot.dev/configuration-digest"

    init(_ request: PlanRequest) {
        let addressing = request.addressing
        namespace = addressing.namespace(of: request.stack)
        hosts = ManifestPolicy(request).hosts
        policy = request.repository.policy
        labels = StackMetadata.labels(of: request.stack)
        ingressClass = addressing.ingressClass
        tlsSecret = addressing.tlsSecret
        let variables = [
            ("SLINGSHOT_STACK", request.stack.description), ("SLINGSHOT_URL", addressing.url(of: request.stack)),
            ("SLINGSHOT_PULL_REQUEST", String(request.stack.number)), ("SLINGSHOT_SHA", request.commit.description),
        ]
        environment = variables.map { ["name": .string($0), "value": .string($1)] }
        names = Set(variables.map(\.0))
    }

    /// The reviewed manifest as it will be applied.
    func decorate(_ manifest: inout JSONValue, kind: String, podTemplate: [String]?) {
        manifest["status"] = nil  // the cluster's to say; `kubectl create --dry-run -o yaml` writes an empty one
        manifest.update("metadata") {
            $0["namespace"] = .string(namespace)
            addLabels(to: &$0)
        }
        if let podTemplate {
            manifest.update(podTemplate[...]) { template in
                if !podTemplate.isEmpty { template.update("metadata", addLabels) }
                template.update("spec", decoratePod)
            }
        }
        switch kind {
        case "StatefulSet":
            manifest.update("spec") { spec in
                spec.updateItems("volumeClaimTemplates") { $0.update("metadata", addLabels) }
            }
        case "CronJob":
            manifest.update(["spec", "jobTemplate", "metadata"], addLabels)
        case "Service":
            manifest.update("spec") { $0.updateItems("ports", addProtocol) }
        case "ServiceAccount":
            manifest["automountServiceAccountToken"] = false
        case "Ingress":
            manifest.update("spec") { spec in
                // The server's choice, over the author's: another controller may face another network.
                if let ingressClass { spec["ingressClassName"] = .string(ingressClass) }
                // The server's certificate is for the stack's own hosts.
                let served = (spec["rules"]?.array ?? []).compactMap { $0["host"]?.string }
                let secured = hosts.filter(served.contains).map { JSONValue.string($0) }
                if let tlsSecret, !secured.isEmpty { spec["tls"] = [["hosts": .array(secured), "secretName": .string(tlsSecret)]] }
            }
        default: break
        }
    }

    /// Puts the digest of the plan's configuration on the templates of what can be rolled to a new one.
    func mark(_ manifest: inout JSONValue, kind: String, podTemplate: [String]?, digest: String) {
        guard let podTemplate, ["Deployment", "StatefulSet", "DaemonSet"].contains(kind) else { return }
        manifest.update(podTemplate[...]) {
            $0.update("metadata") { $0.update("annotations") { $0[Self.configurationDigest] = .string(digest) } }
        }
    }

    private func addLabels(to metadata: inout JSONValue) {
        metadata.update("labels") { given in
            for (key, value) in labels { given[key] = .string(value) }
        }
    }

    /// The default written out: server-side apply of Kubernetes 1.20 refuses ports without, as the field is part of the list's key.
    private func addProtocol(to port: inout JSONValue) {
        if port.object != nil, (port["protocol"] ?? .null) == .null { port["protocol"] = "TCP" }
    }

    private func decoratePod(_ pod: inout JSONValue) {
        pod["automountServiceAccountToken"] = false
        if policy.level == .restricted { restrict(&pod) }
        for list in ["initContainers", "containers"] {
            pod.updateItems(list) { container in
                // A name given twice is refused by the API server, so the author's variable of that name goes.
                let own = (container["env"]?.array ?? []).filter { !names.contains($0["name"]?.string ?? "") }
                container["env"] = .array(environment + own)
                container.updateItems("ports", addProtocol)
            }
        }
    }
}

extension Decoration {
    /// Writes out what the level "restricted" asks for, where the author said nothing. What contradicts it was refused before.
    private func restrict(_ pod: inout JSONValue) {
        pod.update("securityContext") {
            $0.setDefault("seccompProfile", ["type": "RuntimeDefault"])
            if !policy.allow.runAsRoot { $0.setDefault("runAsNonRoot", true) }
        }
        for list in ["initContainers", "containers"] {
            pod.updateItems(list) { container in
                container.update("securityContext") {
                    $0.setDefault("allowPrivilegeEscalation", false)
                    $0.update("capabilities") { $0["drop"] = ["ALL"] }
                }
            }
        }
    }
}

extension JSONValue {
    fileprivate mutating func setDefault(_ key: String, _ value: JSONValue) {
        if (self[key] ?? .null) == .null { self[key] = value }
    }

    /// Changes a field in place; it is an empty mapping when absent.
    fileprivate mutating func update(_ key: String, _ change: (inout JSONValue) -> Void) {
        var fields = object ?? [:]
        self = .null  // gives up the storage, so that nothing is copied
        var value = fields.updateValue(.null, forKey: key) ?? [:]
        if value == .null { value = [:] }
        change(&value)
        fields[key] = value
        self = .object(fields)
    }

    fileprivate mutating func update(_ path: ArraySlice<String>, _ change: (inout JSONValue) -> Void) {
        guard let key = path.first else { return change(&self) }
        update(key) { $0.update(path.dropFirst(), change) }
    }

    /// Changes each item of a list field; nothing when there is none.
    fileprivate mutating func updateItems(_ key: String, _ change: (inout JSONValue) -> Void) {
        guard var items = self[key]?.array else { return }
        self[key] = .null
        for index in items.indices { change(&items[index]) }
        self[key] = .array(items)
    }
}
