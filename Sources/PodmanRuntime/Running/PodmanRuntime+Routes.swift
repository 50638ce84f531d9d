import Orchestration
public import StagingModel

extension PodmanRuntime {
    /// The rules of the stack's Ingress objects, each with the addresses of the pods behind its Service, which this machine reaches on their
    /// bridge; of rootless podman, with the sockets that lead there. podman itself is asked for them, so that they are known also before the keeper has looked at every pod.
    ///
    /// - Throws: `StepError` also while the pods that should answer are not there yet.
    public func routes(of stack: StackName) async throws -> [StackRoute] {
        let name = namespaceName(of: stack)
        return try await translatingErrors(about: "network \(name)") {
            guard let record = try await look(at: stack).record, !record.rules.isEmpty else { return [] }
            let pods = try await routedPods(record)
            var routes: [StackRoute] = []
            for rule in record.rules {
                guard let addresses = pods.addresses(of: rule) else {
                    throw StepError("no pod of Service/\(rule.service) has an address yet", isRetryable: true)
                }
                var route = rule.route(to: addresses)
                if let port = rule.port {
                    route.upstreams = []
                    for address in addresses { route.upstreams.append(try await way(to: ForwarderTarget(address: address, port: port))) }
                }
                routes.append(route)
            }
            return routes
        }
    }

    /// As Caddy names it.
    private func way(to target: ForwarderTarget) async throws -> String {
        try await reach.socket(to: target).map { "unix/\($0)" } ?? target.description
    }

    public func routeChanges() -> AsyncStream<StackName> { keeper.routeChanges }

    private func routedPods(_ record: StackRecord) async throws -> [RoutedPod] {
        let services = Set(record.rules.map(\.service))
        let wanted = Set(record.wanted.flatMap(\.pods))
        let ready = Set(await keeper.reports(namespace: record.namespace, uid: record.uid).filter(\.isReady).map(\.name))
        var pods: [RoutedPod] = []
        for infra in try await containers(network: record.uid) where infra.isInfra {
            guard let label = Labels.decoded(PodLabel.self, infra.labels?[Labels.pod]), !services.isDisjoint(with: label.services) else {
                continue
            }
            pods.append(
                RoutedPod(
                    services: label.services, address: try await address(of: infra, record), isWanted: wanted.contains(infra.podName),
                    isReady: ready.contains(infra.podName)))
        }
        return pods
    }

    /// Nil for a pod that does not run, or is gone by now.
    private func address(of infra: ContainerSummary, _ record: StackRecord) async throws -> String? {
        guard infra.state == "running" else { return nil }
        do {
            let details: ContainerDetails = try await client.get("/containers/\(infra.id)/json")
            return details.settings?.networks?[record.namespace]?.address.flatMap { $0.isEmpty ? nil : $0 }
        } catch let error as PodmanError where error.isNotFound { return nil }
    }
}

/// A pod that a rule may lead to.
struct RoutedPod: Hashable, Sendable {
    var services: [String]
    /// Nil while it has none.
    var address: String?
    /// Of the current plan.
    var isWanted: Bool
    var isReady: Bool
}

extension [RoutedPod] {
    /// Where a rule leads: to the ready pods of the current plan; until there are some, to those that they replace; without any, to whatever
    /// pods the plan has, so that a visitor is told that it does not answer. Empty when there is nothing to wait for, nil when there is.
    func addresses(of rule: RouteRule) -> [String]? {
        let behind = filter { $0.services.contains(rule.service) }
        let wanted = behind.filter(\.isWanted)
        for choice in [wanted.filter(\.isReady), behind.filter(\.isReady), wanted] {
            let addresses = choice.compactMap(\.address)
            if !addresses.isEmpty { return addresses.sorted() }
        }
        return wanted.isEmpty ? [] : nil
    }
}
