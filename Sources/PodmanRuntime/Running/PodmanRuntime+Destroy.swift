import Foundation
import Orchestration
public import StagingModel

extension PodmanRuntime {
    /// Seconds that containers get to end by themselves: as on a cluster.
    static let destroyGrace = 2

    public func destroy(_ stack: StackName, uid: String) async throws -> [String: Int] {
        let name = namespaceName(of: stack)
        return try await translatingErrors(about: "network \(name)") {
            let found = try await look(at: stack)
            if found.network?.id == uid, found.record == nil { throw StepError(Self.foreignText(name, stack), isRetryable: false) }
            guard let record = [found.record, found.leftover].compactMap(\.self).first(where: { $0.uid == uid }) else {
                return try await sweep(uid: uid, stack)  // what a crash left without a record, or nothing
            }
            // From now on its lease has ended, on record: whoever comes after a crash goes on with the end, and be it `reap`.
            if let lease = record.lease, !lease.isExpired(at: clock.now) {
                try await write(record.next(lease: Lease(startedAt: lease.startedAt, expiresAt: clock.now)))
            }
            return try await sweep(uid: uid, stack)
        }
    }

    private func sweep(uid: String, _ stack: StackName) async throws -> [String: Int] {
        let counts = try await count(uid: uid, stack)
        if !counts.isEmpty { try await removeAll(uid: uid, of: stack) }
        return counts
    }

    public func awaitGone(_ stack: StackName, uid: String, onHolding: @Sendable (String) async throws -> Void) async throws {
        let name = namespaceName(of: stack)
        var told: String?
        while true {
            var left = try await translatingErrors(about: "network \(name)") { try await count(uid: uid, stack) }
            if left.isEmpty {
                // lists may be anybody's; gone is what podman says of that very network
                if try await translatingErrors(about: "network \(name)", { try await network(uid)?.id != uid }) { return }
                left["Network"] = 1
            }
            var text = left.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ") + " still there"
            do { try await removeAll(uid: uid, of: stack) } catch let error as PodmanError { text += ": \(error.description)" }
            if text != told, try await !count(uid: uid, stack).isEmpty {
                told = text
                try await onHolding(text)
            }
            try await clock.sleep(until: clock.now.addingTimeInterval(0.2))
        }
    }

    /// What there is of a network's stack, by kind; nothing when it is gone.
    private func count(uid: String, _ stack: StackName) async throws -> [String: Int] {
        var counts: [String: Int] = [:]
        let containers = try await containers(network: uid)
        counts["Pod"] = Set(containers.map(\.pod) + (try await pods(network: uid).map(\.id))).count
        counts["Container"] = containers.filter { !$0.isInfra }.count
        let volumes = try await volumes(network: uid)
        counts["Volume"] = volumes.filter { StackRecord(labels: $0.labels, uid: nil) == nil }.count
        counts["Record"] = volumes.count - (counts["Volume"] ?? 0)
        let networks: [Network] = try await client.list(
            "/networks/json", labels: Labels.selector(stack, namespace: namespaceName(of: stack)))
        counts["Network"] = networks.filter { $0.id == uid }.count
        return counts.filter { $0.value > 0 }
    }

    /// Removes all that carries the network's id, and the network; the last record goes last, so that nothing is ever without one.
    func removeAll(uid: String, of stack: StackName) async throws {
        let pods = try await pods(network: uid)
        try await remove(pods: pods, uid: uid, grace: Self.destroyGrace)
        for container in try await containers(network: uid) {
            do { try await client.send(.delete, "/containers/\(container.id)", [("force", "true"), ("v", "true")]) } catch let error
                as PodmanError where error.isNotFound
            {}
        }
        try await removeHalfMade(namespace: namespaceName(of: stack))
        let volumes = try await volumes(network: uid)
        let records = volumes.filter { StackRecord(labels: $0.labels, uid: nil) != nil }
        let ids = Set(records.map(\.name))
        for volume in volumes where !ids.contains(volume.name) { try await remove(volume) }
        do { try await client.send(.delete, "/networks/\(uid)") } catch let error as PodmanError where error.isNotFound {}
        let name = namespaceName(of: stack)
        // another network may have the name by now
        if try await !engine.facts().isRootless, try await network(name) == nil {
            try await Attachments(interface: Self.interface(of: name), network: name).remove()
        }
        for record in records { try await remove(record) }
    }
}

/// podman makes a container's storage first, and then takes the container down in its database. Killed in between, it keeps the storage and
/// knows nothing of it but the name, which nobody can use any more.
extension PodmanRuntime {
    private struct Storage: Decodable {
        var names: [String]
        var state: String
        private enum CodingKeys: String, CodingKey {
            case names = "Names"
            case state = "State"
        }
    }

    /// Removes what is left of containers of a stack that nobody is making.
    private func removeHalfMade(namespace: String) async throws {
        let all: [Storage] = try await client.all("/containers/json", [("all", "true"), ("external", "true")])
        for name in all.filter({ $0.state == "storage" }).flatMap(\.names) where name.hasPrefix("\(namespace)-") {
            try await removeHalfMade(name)
        }
    }

    /// Removes what is left of a container of that name, if podman knows none.
    func removeHalfMade(_ name: String) async throws {
        let path = "/containers/\(PodmanClient.escaped(name))"
        do {
            try await client.send(.get, "\(path)/exists")
        } catch let error as PodmanError where error.isNotFound {
            do { try await client.send(.delete, path, [("force", "true")]) } catch let error as PodmanError where error.isNotFound {}
        }
    }
}
