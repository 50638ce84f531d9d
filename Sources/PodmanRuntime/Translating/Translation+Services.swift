import StagingModel

extension Translation {
    mutating func checkService(_ service: JSONValue, _ place: Place) {
        let (spec, place) = (service["spec"] ?? [:], place["spec"])
        let known: Set = [
            "selector", "ports", "type", "clusterIP", "clusterIPs", "sessionAffinity", "publishNotReadyAddresses", "ipFamilies",
            "ipFamilyPolicy", "internalTrafficPolicy",
        ]
        expect(spec, place, known)
        if let address = spec["clusterIP"], address != "None", address != "" {
            refuse(place["clusterIP"], "podman gives out the addresses; remove the field")
        }
        if spec["sessionAffinity"] == "ClientIP" {
            refuse(place["sessionAffinity"], "a Service is a name for its pods on podman; remove the field")
        }
        if spec["selector"]?.object?.isEmpty ?? true {
            refuse(place["selector"], "is missing: a Service is a name for its pods on podman; select some")
        }
        for (index, port) in (spec["ports"]?.array ?? []).enumerated() {
            expect(port, place["ports"][index], ["name", "port", "targetPort", "protocol", "appProtocol"])
            if let transport = port["protocol"], transport != "TCP", transport != "UDP" {
                refuse(place["ports"][index]["protocol"], "podman runtime knows TCP and UDP; use one of them")
            }
        }
    }

    /// The names and redirects that the Services which select a pod give it.
    ///
    /// - Parameter ports: the containers' ports by name.
    mutating func names(for labels: [String: JSONValue], ports: [String: Int], services: [JSONValue], subject: Place) -> (
        names: [String], redirects: [PortRedirect]
    ) {
        var names: [String] = []
        var targets: [String: (service: String, redirect: PortRedirect)] = [:]
        for service in services {
            let name = service["metadata"]?["name"]?.string ?? ""
            guard let selector = service["spec"]?["selector"]?.object, !selector.isEmpty,
                selector.allSatisfy({ labels[$0.key] == $0.value })
            else { continue }
            names += [name, "\(name).\(plan.namespace)", "\(name).\(plan.namespace).svc", "\(name).\(plan.namespace).svc.cluster.local"]
            for (index, port) in (service["spec"]?["ports"]?.array ?? []).enumerated() {
                let place = Place("Service/\(name)")["spec"]["ports"][index]
                guard let number = port["port"]?.integer.flatMap({ Int($0) }), (1...65_535).contains(number) else {
                    refuse(place["port"], "must be a port's number")
                    continue
                }
                var target = number
                switch port["targetPort"] {
                case .integer(let other)? where (1...65_535).contains(other): target = Int(other)
                case .string(let name)?:
                    // a named port that this pod does not have: another that is selected too may
                    guard let named = ports[name] ?? Int(name) else { continue }
                    target = named
                case nil: break
                default:
                    refuse(place["targetPort"], "must be a port's number or a container's name for one")
                    continue
                }
                let transport = (port["protocol"]?.string ?? "TCP").lowercased()
                let redirect = PortRedirect(transport: transport, port: number, target: target)
                let key = "\(transport)/\(number)"
                if let other = targets[key], other.redirect.target != target {
                    refuse(
                        place["port"],
                        "Service/\(other.service) takes port \(number) of the same pods to \(other.redirect.target), and this one to \(target): "
                            + "both names stand for the pods' own addresses on podman; give one another port")
                }
                targets[key] = (name, redirect)
            }
        }
        let redirects = targets.values.map(\.redirect).filter { $0.port != $0.target }
        return (names, redirects.sorted { ($0.port, $0.transport) < ($1.port, $1.transport) })
    }
}
