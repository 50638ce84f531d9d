import Foundation
import StagingModel

/// What podman itself carries of a stack, enough to reap it or to adopt it.
///
/// A network's labels can't be changed, nor a volume's. So the network is created with the first record in its labels, and each later one is
/// an empty volume of its own, named by its number: the highest counts, and two writers can't both make the next.
struct StackRecord: Hashable, Sendable {
    var stack: StackName
    var namespace: String
    /// The network's id.
    var uid: String
    var generation: Int
    /// Those of `StackMetadata`: the lease, the commit …
    var annotations: [String: String]
    var wanted: [WantedWorkload]
    /// What leads visitors to it.
    var rules: [RouteRule]

    static let annotationKeys: Set = [
        StackMetadata.expiresAt, StackMetadata.createdAt, StackMetadata.forge, StackMetadata.repositoryFullName, StackMetadata.headSHA,
        StackMetadata.baseSHA, StackMetadata.title, StackMetadata.author, StackMetadata.planDigest, StackMetadata.url,
        StackMetadata.janitorExpires,
    ]

    var lease: Lease? { StackMetadata.lease(in: annotations) }

    var observed: ObservedStack {
        ObservedStack(name: stack, namespace: namespace, uid: uid, isTerminating: false, lease: lease, annotations: annotations)
    }

    var volumeName: String { "\(namespace)-record-\(uid.prefix(12))-\(generation)" }

    var labels: [String: String] {
        var labels = Labels.labels(of: stack, namespace: namespace, network: uid.isEmpty ? nil : uid)
        labels.merge(annotations) { own, _ in own }
        labels[Labels.generation] = String(generation)
        labels[Labels.wanted] = Labels.encoded(wanted)
        labels[Labels.rules] = Labels.encoded(rules)
        return labels
    }

    /// The record that some labels carry; nil when they are no record.
    init?(labels: [String: String]?, uid: String?) {
        guard let labels, labels[StackMetadata.managedBy] == StackMetadata.manager,
            let stack = labels[StackMetadata.stack].flatMap({ StackName($0) }), let namespace = labels[Labels.namespace],
            let generation = labels[Labels.generation].flatMap({ Int($0) }), let uid = uid ?? labels[Labels.network]
        else { return nil }
        self.init(
            stack: stack, namespace: namespace, uid: uid, generation: generation,
            annotations: labels.filter { Self.annotationKeys.contains($0.key) },
            wanted: Labels.decoded([WantedWorkload].self, labels[Labels.wanted]) ?? [],
            rules: Labels.decoded([RouteRule].self, labels[Labels.rules]) ?? [])
    }

    init(
        stack: StackName, namespace: String, uid: String, generation: Int, annotations: [String: String], wanted: [WantedWorkload] = [],
        rules: [RouteRule] = []
    ) {
        self.stack = stack
        self.namespace = namespace
        self.uid = uid
        self.generation = generation
        self.annotations = annotations
        self.wanted = wanted
        self.rules = rules
    }

    /// The next record, with another lease.
    func next(lease: Lease) -> StackRecord {
        var next = self
        next.generation += 1
        for (key, value) in StackMetadata.annotations(of: lease) { next.annotations[key] = value }
        return next
    }

    /// The current record of each stack: of each network the last that was made of it, and what is left of networks that are gone.
    static func current(networks: [Network], volumes: [Volume]) -> [StackRecord] {
        var latest: [String: StackRecord] = [:]
        for record in networks.compactMap({ StackRecord(labels: $0.labels, uid: $0.id) }) { latest[record.uid] = record }
        for record in volumes.compactMap({ StackRecord(labels: $0.labels, uid: nil) })
        where record.generation > latest[record.uid]?.generation ?? -1 { latest[record.uid] = record }
        return latest.values.sorted { ($0.namespace, $0.uid) < ($1.namespace, $1.uid) }
    }
}
