import KubernetesClient
import Orchestration
public import StagingModel

extension KubernetesRuntime {
    /// Containers whose logs are read for one request.
    static let mostContainers = 60

    public func logs(of stack: StackName, _ query: LogQuery, onLine: @Sendable (LogLine) async throws -> Void) async throws {
        let name = namespaceName(of: stack)
        try await translatingErrors(about: "Namespace/\(name)") {
            try await requireAlive(stack)
            let wanted = LoggedPods(query: query, selector: try await serviceSelector(query.service, in: name))
            let source = LogSource(client: client, namespace: name, query: query, clock: clock)
            if query.follow {
                let follower = LogFollower(source: source, wanted: wanted, stack: stack) { try await isGone(stack) }
                try await follower.follow(onLine)
            } else {
                let pods = try await client.list(try ResourcePath(.pods, namespace: name), selector: .all(of: stack), as: Pod.self)
                for line in try await source.read(wanted.runs(of: pods.items)) { try await onLine(line) }
            }
        }
    }

    /// The pods that a Service of this name sends requests to; nil when there is no such Service.
    private func serviceSelector(_ service: String?, in namespace: String) async throws -> [String: String]? {
        struct Service: Decodable {
            struct Spec: Decodable {
                var selector: [String: String]?
            }
            var metadata: ObjectMetadata
            var spec: Spec
        }
        guard let service else { return nil }
        // listed, because the account may not get one by itself
        let resource = try await client.discovery.resource(apiVersion: "v1", kind: "Service")
        let all = try await client.list(ResourcePath(resource, namespace: namespace), as: Service.self)
        guard let selector = all.items.first(where: { $0.metadata.name == service })?.spec.selector, !selector.isEmpty else { return nil }
        return selector
    }

    private func isGone(_ stack: StackName) async throws -> Bool {
        switch try await observe(stack) {
        case .absent, .foreign: true
        case .present(let observed): observed.isTerminating
        }
    }
}

extension Selector {
    /// All that carries the stack's label.
    static func all(of stack: StackName) -> Selector { Selector(labels: "\(StackMetadata.stack)=\(stack)") }
}

/// One run of one container: from its start to its end.
struct ContainerRun: Hashable, Sendable {
    var pod: String
    var uid: String
    var container: String
    var restarts: Int
}

/// Which containers a query means. No I/O.
struct LoggedPods: Sendable {
    let query: LogQuery
    /// Of the Service that the query names.
    let selector: [String: String]?

    func matches(_ pod: Pod) -> Bool {
        guard let service = query.service else { return true }
        guard let selector else { return pod.owner.split(separator: "/").last.map { $0 == service } ?? false }
        return selector.allSatisfy { pod.metadata.labels?[$0.key] == $0.value }
    }

    /// The runs that have begun, and that the query means.
    func begun(of pod: Pod) -> [ContainerRun] {
        guard matches(pod) else { return [] }
        return pod.containers.filter { query.container == nil || $0.name == query.container }.compactMap { container in
            let hasBegun = container.state?.running != nil || container.state?.terminated != nil
            guard query.previous ? container.restartCount > 0 : hasBegun || container.restartCount > 0 else { return nil }
            return ContainerRun(
                pod: pod.metadata.name, uid: pod.metadata.uid, container: container.name, restarts: container.restartCount)
        }
    }

    /// - Throws: `StepError` when nothing in the stack has the names that the query gives, or when it means too much.
    func runs(of pods: [Pod]) throws -> [ContainerRun] {
        try requireKnown(pods)
        let runs = pods.sorted { $0.metadata.name < $1.metadata.name }.flatMap(begun)
        if query.previous, runs.isEmpty {
            throw StepError("no container was restarted, so none has a previous run; leave --previous out", isRetryable: false)
        }
        try Self.requireFew(runs.count)
        return runs
    }

    static func requireFew(_ count: Int) throws {
        guard count <= KubernetesRuntime.mostContainers else {
            throw StepError(
                "\(count) containers, and \(KubernetesRuntime.mostContainers) are read at once; name a service, or a container",
                isRetryable: false)
        }
    }

    func requireKnown(_ pods: [Pod]) throws {
        let matching = pods.filter(matches)
        if let service = query.service, selector == nil, matching.isEmpty {
            let owners = Set(pods.map { String($0.owner.split(separator: "/").last ?? "") }).sorted().prefix(20)
            let known = owners.isEmpty ? "the stack has no pods" : "there are pods of \(owners.joined(separator: ", "))"
            throw StepError("no service or workload \"\(service.oneLine(limit: 100))\"; \(known)", isRetryable: false)
        }
        if let container = query.container, !matching.isEmpty {
            let names = Set(matching.flatMap { ($0.spec?.containers ?? []).map(\.name) + $0.containers.map(\.name) })
            guard !names.contains(container) else { return }
            throw StepError(
                "no container \"\(container.oneLine(limit: 100))\"; there are \(names.sorted().prefix(20).joined(separator: ", "))",
                isRetryable: false)
        }
    }
}
