import StagingModel

/// What podman is sent to make a pod and its containers (the "specgen" of its API).
extension PodmanPod {
    func pod(network: String, labels: [String: String]) -> JSONValue {
        var labels = labels
        labels[Labels.workload] = workload
        labels[Labels.pod] = Labels.encoded(PodLabel(services: services, redirects: redirects))
        var body: JSONValue = [
            "name": .string(name), "hostname": .string(hostname), "labels": JSONValue(labels), "netns": ["nsmode": "bridge"],
        ]
        body["Networks"] = .object([network: ["aliases": .array(aliases.map { .string($0) })]])
        if !hostAliases.isEmpty { body["hostadd"] = .array(hostAliases.map { .string($0) }) }
        if sharesProcesses { body["shared_namespaces"] = ["ipc", "net", "uts", "pid"] }
        return body
    }

    /// Of its names those without a dot: each Service has one.
    private var services: [String] { aliases.filter { !$0.contains(".") } }

    /// The volume's name: a claim is the stack's, everything else the pod's.
    func volume(_ volume: PodmanVolume, namespace: String) -> String {
        if case .claim(let claim) = volume.source { return Self.claim(claim, namespace: namespace) }
        return "\(name)-vol-\(volume.name)"
    }

    static func claim(_ claim: String, namespace: String) -> String { "\(namespace)-claim-\(claim)" }

    /// - Parameter seccomp: the profile of system calls, a file that podman can read; nil for podman's own.
    func container(_ container: PodmanContainer, namespace: String, labels: [String: String], seccomp: String?) -> JSONValue {
        var labels = labels
        labels[Labels.workload] = workload
        labels[Labels.container] = Labels.encoded(
            ContainerLabel(name: container.name, initial: container.initial, grace: grace, rules: container.rules))
        let mounts = container.mounts.map { mount -> JSONValue in
            let volume =
                volumes.first { $0.name == mount.volume } ?? PodmanVolume(name: mount.volume, source: .empty(memory: false, limit: nil))
            var isReadOnly = mount.readOnly
            if case .files = volume.source { isReadOnly = true }
            // as on a cluster a volume starts empty, whatever the image has in its place
            let options: JSONValue = isReadOnly ? ["ro", "nocopy"] : ["nocopy"]
            return ["Name": .string(self.volume(volume, namespace: namespace)), "Dest": .string(mount.path), "Options": options]
        }
        var body: JSONValue = [
            "name": .string("\(name)-\(container.name)"), "pod": .string(name), "image": .string(container.image),
            "env": JSONValue(container.environment), "labels": JSONValue(labels), "volumes": .array(mounts),
            "restart_policy": "no",  // the keeper restarts, with pauses; podman would without
            "httpproxy": false, "stop_timeout": .integer(Int64(grace)),
            "log_configuration": ["driver": "k8s-file", "size": 10_485_760],
        ]
        func texts(_ list: [String]) -> JSONValue { .array(list.map { .string($0) }) }
        if let entrypoint = container.entrypoint { body["entrypoint"] = texts(entrypoint) }
        if let command = container.command { body["command"] = texts(command) }
        if let directory = container.workingDirectory { body["work_dir"] = .string(directory) }
        if let user = container.user { body["user"] = .string(user) }
        if !container.groups.isEmpty { body["groups"] = texts(container.groups) }
        if !container.addedCapabilities.isEmpty { body["cap_add"] = texts(container.addedCapabilities) }
        if !container.droppedCapabilities.isEmpty { body["cap_drop"] = texts(container.droppedCapabilities) }
        if container.readOnlyRoot { body["read_only_filesystem"] = true }
        if container.noNewPrivileges { body["no_new_privileges"] = true }
        if let seccomp, !container.addedCapabilities.contains("SYS_ADMIN") { body["seccomp_profile_path"] = .string(seccomp) }
        body["resource_limits"] = Self.limits(container)
        return body
    }

    /// Processes and threads of one container. Twenty containers of this size leave a machine some of its 32,768, the kernel's standard.
    static let mostProcesses: Int64 = 1024

    private static func limits(_ container: PodmanContainer) -> JSONValue {
        var limits: JSONValue = ["pids": ["limit": .integer(mostProcesses)]]
        // no swap besides: "swap" is the sum of both
        if let memory = container.memory { limits["memory"] = ["limit": .integer(memory), "swap": .integer(memory)] }
        var cpu: JSONValue = [:]
        if let thousandths = container.cpu {
            cpu["period"] = 100_000
            cpu["quota"] = .integer(max(thousandths * 100, 1000))  // the kernel's least
        }
        if let requested = container.requestedCPU { cpu["shares"] = .integer(max(requested * 1024 / 1000, 2)) }
        if cpu.object?.isEmpty == false { limits["cpu"] = cpu }
        return limits
    }
}
