import StagingModel

/// One pod of a workload.
struct PodTranslation {
    let object: PlannedObject
    /// The workload's; a Pod is its own template.
    let spec: JSONValue
    /// Of the template.
    let place: Place
    let index: Int

    var template: JSONValue { spec["template"] ?? [:] }
    var podSpec: JSONValue { template["spec"] ?? [:] }
    /// What `metadata.name` is for the pod itself.
    var hostname: String { object.kind == "Pod" ? object.name : "\(object.name)-\(index)" }

    func pod(services: [JSONValue], _ translation: inout Translation) -> PodmanPod {
        let (pod, place) = (podSpec, place["spec"])
        let known: Set = [
            "containers", "initContainers", "volumes", "restartPolicy", "terminationGracePeriodSeconds", "securityContext",
            "automountServiceAccountToken", "serviceAccountName", "serviceAccount", "hostname", "subdomain", "hostAliases", "dnsPolicy",
            "enableServiceLinks", "shareProcessNamespace",
            // where a pod runs: on one box there is one answer
            "nodeSelector", "affinity", "topologySpreadConstraints",
            "hostNetwork", "hostPID", "hostIPC",  // false, or the plan would have been refused
        ]
        translation.expect(pod, place, known)
        if let policy = pod["dnsPolicy"], policy != "ClusterFirst" {
            translation.refuse(place["dnsPolicy"], "names are the stack's own on podman; remove the field")
        }
        let containers = containers(pod, place, &translation)
        var ports: [String: Int] = [:]
        for port in (pod["containers"]?.array ?? []).flatMap({ $0["ports"]?.array ?? [] }) {
            if let name = port["name"]?.string, let number = port["containerPort"]?.integer { ports[name] = Int(number) }
        }
        let labels = template["metadata"]?["labels"]?.object ?? [:]
        var (names, redirects) = translation.names(for: labels, ports: ports, services: services, subject: place)
        let host = pod["hostname"]?.string ?? hostname
        if let group = spec["serviceName"]?.string ?? pod["subdomain"]?.string {
            names += ["\(host).\(group)", "\(host).\(group).\(translation.plan.namespace).svc.cluster.local"]
        }
        return PodmanPod(
            workload: object.description, hostname: String(host.prefix(63)), aliases: names, hostAliases: hostAliases(pod),
            sharesProcesses: pod["shareProcessNamespace"] == true, redirects: redirects,
            grace: Int(min(max(pod["terminationGracePeriodSeconds"]?.integer ?? 30, 0), 600)),
            volumes: volumes(of: containers, &translation), containers: containers)
    }

    private func containers(_ pod: JSONValue, _ place: Place, _ translation: inout Translation) -> [PodmanContainer] {
        var containers: [PodmanContainer] = []
        for (list, isInitial) in [("initContainers", true), ("containers", false)] {
            for (index, container) in (pod[list]?.array ?? []).enumerated() {
                let one = ContainerTranslation(pod: self, value: container, place: place[list][index], initial: isInitial ? index : nil)
                containers.append(one.container(&translation))
            }
        }
        if containers.allSatisfy({ $0.initial != nil }) { translation.refuse(place["containers"], "is empty; add a container") }
        let names = containers.map(\.name)
        if Set(names).count < names.count { translation.refuse(place["containers"], "two containers have one name; rename one") }
        return containers
    }

    private func hostAliases(_ pod: JSONValue) -> [String] {
        (pod["hostAliases"]?.array ?? []).flatMap { alias in
            (alias["hostnames"]?.array ?? []).compactMap(\.string).map { "\($0):\(alias["ip"]?.string ?? "")" }
        }
    }

    var restart: ContainerRules.Restart {
        ContainerRules.Restart(rawValue: podSpec["restartPolicy"]?.string ?? "Always") ?? .always
    }

    /// What a `fieldRef` stands for; nil when it is not known before the pod runs.
    func field(_ path: String, _ translation: Translation) -> String? {
        for (key, values) in [("labels", template["metadata"]?["labels"]), ("annotations", template["metadata"]?["annotations"])]
        where path.hasPrefix("metadata.\(key)['") && path.hasSuffix("']") {
            return values?[String(path.dropFirst("metadata.\(key)['".count).dropLast(2))]?.string ?? ""
        }
        return switch path {
        case "metadata.name": hostname
        case "metadata.namespace": translation.plan.namespace
        case "spec.serviceAccountName": podSpec["serviceAccountName"]?.string ?? "default"
        default: nil
        }
    }
}
