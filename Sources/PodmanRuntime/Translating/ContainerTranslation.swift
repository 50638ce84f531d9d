import Planning
import StagingModel

/// One container of a pod.
struct ContainerTranslation {
    let pod: PodTranslation
    let value: JSONValue
    let place: Place
    let initial: Int?

    func container(_ translation: inout Translation) -> PodmanContainer {
        let known: Set = [
            "name", "image", "imagePullPolicy", "command", "args", "workingDir", "env", "envFrom", "ports", "resources", "volumeMounts",
            "readinessProbe", "livenessProbe", "startupProbe", "securityContext", "terminationMessagePath", "terminationMessagePolicy",
        ]
        translation.expect(value, place, known)
        let image = value["image"]?.string ?? ""
        if image.isEmpty { translation.refuse(place["image"], "is missing; add it") }
        if Self.hasTransport(image) { translation.refuse(place["image"], "must be a name in a registry, without a transport; correct it") }
        let environment = environment(&translation)
        func texts(_ key: String) -> [String]? {
            value[key]?.array.map { $0.map { Self.expanded($0.string ?? "", environment) } }
        }
        let context = security(&translation)
        let (mounts, files) = mounts(&translation)
        return PodmanContainer(
            name: value["name"]?.string ?? "", initial: initial, image: Self.reference(image), pull: Self.pullPolicy(value, image),
            entrypoint: texts("command").flatMap { $0.isEmpty ? nil : $0 }, command: texts("args").flatMap { $0.isEmpty ? nil : $0 },
            workingDirectory: value["workingDir"]?.string, environment: environment, mounts: mounts, files: files, user: context.user,
            groups: context.groups, mustNotBeRoot: context.mustNotBeRoot, addedCapabilities: context.added,
            droppedCapabilities: context.dropped,
            readOnlyRoot: context.readOnlyRoot, noNewPrivileges: context.noNewPrivileges,
            memory: amount("memory", scale: 1, &translation), cpu: amount("cpu", scale: 1000, &translation),
            requestedCPU: (value["resources"]?["requests"]?["cpu"]).flatMap { Self.text($0) }.flatMap { quantity($0) }.map {
                Int64($0 * 1000)
            },
            rules: rules(&translation))
    }

    // MARK: Image

    /// `postgres:18` means Docker Hub's, as it does for Kubernetes, whatever short names the machine has configured.
    static func reference(_ image: String) -> String {
        guard let slash = image.firstIndex(of: "/") else { return "docker.io/library/\(image)" }
        let first = image[..<slash]
        return first.contains(".") || first.contains(":") || first == "localhost" ? image : "docker.io/\(image)"
    }

    /// Whether a name would lead podman to a file of this machine: `docker-archive:/srv/image.tar`.
    static func hasTransport(_ image: String) -> Bool {
        guard let first = image.split(separator: "/", maxSplits: 1).first, first.count < image.count, let colon = first.firstIndex(of: ":")
        else { return false }
        let port = first[first.index(after: colon)...]
        return port.isEmpty || !port.allSatisfy { $0.isASCII && $0.isNumber }
    }

    private static func pullPolicy(_ value: JSONValue, _ image: String) -> PodmanContainer.PullPolicy {
        if let policy = value["imagePullPolicy"]?.string.flatMap(PodmanContainer.PullPolicy.init) { return policy }
        let name = image.split(separator: "/").last ?? ""
        if name.contains("@") { return .ifNotPresent }
        return !name.contains(":") || name.hasSuffix(":latest") ? .always : .ifNotPresent
    }

    // MARK: Environment

    private func environment(_ translation: inout Translation) -> [String: String] {
        var result: [String: String] = [:]
        for (index, source) in (value["envFrom"]?.array ?? []).enumerated() {
            let place = place["envFrom"][index]
            translation.expect(source, place, ["configMapRef", "secretRef", "prefix"])
            for (key, isSecret) in [("configMapRef", false), ("secretRef", true)] {
                guard let reference = source[key] else { continue }
                let data = translation.data(reference["name"]?.string ?? "", isSecret: isSecret, reference["optional"] == true, place[key])
                for (name, bytes) in data { result[(source["prefix"]?.string ?? "") + name] = String(decoding: bytes, as: UTF8.self) }
            }
        }
        for (index, variable) in (value["env"]?.array ?? []).enumerated() {
            let place = place["env"][index]
            guard let name = variable["name"]?.string, !name.isEmpty, !name.contains("=") else {
                translation.refuse(place["name"], "must be a variable's name")
                continue
            }
            translation.expect(variable, place, ["name", "value", "valueFrom"])
            if let source = variable["valueFrom"] {
                if let text = referenced(source, place["valueFrom"], &translation) { result[name] = text }
            } else {
                result[name] = Self.expanded(variable["value"]?.string ?? "", result)
            }
        }
        return result
    }

    private func referenced(_ source: JSONValue, _ place: Place, _ translation: inout Translation) -> String? {
        for (key, isSecret) in [("configMapKeyRef", false), ("secretKeyRef", true)] {
            guard let reference = source[key] else { continue }
            let isOptional = reference["optional"] == true
            let name = reference["name"]?.string ?? ""
            let data = translation.data(name, isSecret: isSecret, isOptional, place[key])
            if let bytes = data[reference["key"]?.string ?? ""] { return String(decoding: bytes, as: UTF8.self) }
            if !isOptional, !data.isEmpty {
                translation.refuse(place[key]["key"], "is not in \(isSecret ? "Secret" : "ConfigMap")/\(name); add it")
            }
            return nil
        }
        if let path = source["fieldRef"]?["fieldPath"]?.string, let text = pod.field(path, translation) { return text }
        translation.refuse(place, "is not known before the pod runs on podman; write a value instead")
        return nil
    }

    /// `$(NAME)` is the variable that was defined before, `$$` a dollar, and anything else is as it is
    /// (https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/).
    static func expanded(_ text: String, _ variables: [String: String]) -> String {
        var result = ""
        var rest = text[...]
        while let dollar = rest.firstIndex(of: "$") {
            result += rest[..<dollar]
            rest = rest[rest.index(after: dollar)...]
            if rest.first == "$" {
                result += "$"
                rest = rest.dropFirst()
            } else if rest.first == "(", let end = rest.firstIndex(of: ")") {
                let name = String(rest[rest.index(after: rest.startIndex)..<end])
                result += variables[name] ?? "$(\(name))"
                rest = rest[rest.index(after: end)...]
            } else {
                result += "$"
            }
        }
        return result + rest
    }

    // MARK: Resources

    private func amount(_ name: String, scale: Double, _ translation: inout Translation) -> Int64? {
        let resources = value["resources"]
        if name == "memory" {
            for key in (resources?["limits"]?.object ?? [:]).keys.sorted() where !["cpu", "memory"].contains(key) {
                translation.refuse(place["resources"]["limits"][key], "podman can't limit it; remove the field")
            }
        }
        guard let limit = resources?["limits"]?[name] ?? translation.defaultLimits?[name] else { return nil }
        guard let text = Self.text(limit), let amount = quantity(text), amount > 0, amount * scale < 1e18 else {
            translation.refuse(place["resources"]["limits"][name], "must be a quantity, such as 500m or 256Mi")
            return nil
        }
        return Int64((amount * scale).rounded(.up))
    }

    private static func text(_ value: JSONValue) -> String? {
        switch value {
        case .string(let text): text
        case .integer(let number): String(number)
        case .number(let number): String(number)
        default: nil
        }
    }

    // MARK: Security

    /// What podman gives to containers on some machines, and a stack gets only where the server's configuration allows it: raw packets,
    /// with which a container could pass for another and route around its network; device nodes; the kernel's audit log.
    static let withheld: Set = ["NET_RAW", "MKNOD", "AUDIT_WRITE"]

    private struct Security {
        var user: String?
        var groups: [String] = []
        var mustNotBeRoot = false
        var added: [String] = []
        var dropped: [String] = []
        var readOnlyRoot = false
        var noNewPrivileges = false
    }

    private func security(_ translation: inout Translation) -> Security {
        let (own, shared) = (value["securityContext"], pod.podSpec["securityContext"])
        let (place, sharedPlace) = (place["securityContext"], pod.place["spec"]["securityContext"])
        translation.expect(
            own, place,
            [
                "runAsUser", "runAsGroup", "runAsNonRoot", "readOnlyRootFilesystem", "allowPrivilegeEscalation", "capabilities",
                "seccompProfile", "privileged", "procMount", "appArmorProfile",
            ])
        translation.expect(
            shared, sharedPlace,
            [
                "runAsUser", "runAsGroup", "runAsNonRoot", "fsGroup", "fsGroupChangePolicy", "supplementalGroups", "seccompProfile",
                "appArmorProfile",
            ])
        for (profile, place) in [
            (own?["seccompProfile"], place["seccompProfile"]), (shared?["seccompProfile"], sharedPlace["seccompProfile"]),
            (own?["appArmorProfile"], place["appArmorProfile"]), (shared?["appArmorProfile"], sharedPlace["appArmorProfile"]),
        ] where profile?["type"] != nil && profile?["type"] != "RuntimeDefault" {
            translation.refuse(place, "must be RuntimeDefault on podman")
        }
        var result = Security()
        let user = (own?["runAsUser"] ?? shared?["runAsUser"])?.integer
        let group = (own?["runAsGroup"] ?? shared?["runAsGroup"])?.integer
        switch (user, group) {
        case (let user?, let group?): result.user = "\(user):\(group)"
        case (let user?, nil): result.user = "\(user)"
        case (nil, .some): translation.refuse(place["runAsGroup"], "needs runAsUser on podman; add it")
        case (nil, nil): break
        }
        if own?["runAsNonRoot"] ?? shared?["runAsNonRoot"] == true {
            if user == 0 { translation.refuse(place["runAsUser"], "is root's, and runAsNonRoot forbids it; change one") }
            result.mustNotBeRoot = user == nil
        }
        result.groups = ([shared?["fsGroup"]] + (shared?["supplementalGroups"]?.array ?? [])).compactMap { $0?.integer }.map { String($0) }
        translation.expect(own?["capabilities"], place["capabilities"], ["add", "drop"])
        func capabilities(_ key: String) -> [String] {
            (own?["capabilities"]?[key]?.array ?? []).compactMap(\.string).map { $0.hasPrefix("CAP_") ? String($0.dropFirst(4)) : $0 }
        }
        result.added = capabilities("add")  // the server's configuration allows each, or the plan would have been refused
        let dropped = capabilities("drop")
        // podman refuses one that is added and dropped; Kubernetes adds it
        result.dropped = Set(dropped).union(dropped.contains("ALL") ? [] : Self.withheld).subtracting(result.added).sorted()
        result.readOnlyRoot = own?["readOnlyRootFilesystem"] == true
        result.noNewPrivileges = own?["allowPrivilegeEscalation"] == false
        return result
    }

    // MARK: Rules

    private func rules(_ translation: inout Translation) -> ContainerRules {
        guard initial == nil else {
            if value["restartPolicy"] != nil {
                translation.refuse(place["restartPolicy"], "a sidecar is a container beside the others on podman")
            }
            let restart: ContainerRules.Restart = pod.restart == .never ? .never : .onFailure
            return ContainerRules(restart: restart, backoffLimit: pod.backoffLimit)
        }
        func probe(_ key: String) -> Probe? { ProbeTranslation(value: value, place: place[key], key: key).probe(&translation) }
        let isJob = pod.object.kind == "Job"
        return ContainerRules(
            restart: isJob && pod.restart == .always ? .onFailure : pod.restart, backoffLimit: pod.backoffLimit,
            startup: probe("startupProbe"), readiness: probe("readinessProbe"), liveness: probe("livenessProbe"))
    }
}

extension PodTranslation {
    /// A Job's; a cluster makes new pods of it, here the containers of one pod run again.
    var backoffLimit: Int? { object.kind == "Job" ? Int(min(max(spec["backoffLimit"]?.integer ?? 6, 0), 1000)) : nil }
}
