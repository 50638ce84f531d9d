import KubernetesClient

/// What a part of the cluster said about an object (`v1` `Event`).
struct ClusterEvent: Decodable, Sendable {
    struct Subject: Decodable {
        var kind: String?
        var name: String?
        var uid: String?
    }

    /// An event in words that a developer understands.
    struct Word: Hashable {
        var text: String
        /// Whether it rarely mends itself.
        var isLasting: Bool
    }

    var involvedObject: Subject
    var reason: String?
    var message: String?
    var lastTimestamp: String?
    var eventTime: String?

    /// What the newest events say about the objects with these UIDs, each object and reason once.
    static func words(_ events: [ClusterEvent], about puzzles: [String: Puzzle]) -> [Word] {
        var newest: [[String]: ClusterEvent] = [:]
        for event in events.sorted(by: { ($0.lastTimestamp ?? $0.eventTime ?? "") < ($1.lastTimestamp ?? $1.eventTime ?? "") }) {
            guard let uid = event.involvedObject.uid, puzzles[uid] != nil else { continue }
            newest[[uid, event.reason ?? ""]] = event
        }
        return Set(newest.compactMap { key, event in puzzles[key[0]].flatMap { event.word(about: $0) } }).sorted { $0.text < $1.text }
    }

    private func word(about puzzle: Puzzle) -> Word? {
        let text = (message ?? "").oneLine(limit: 300)
        let subject = "\(involvedObject.kind ?? "")/\(involvedObject.name ?? "")".oneLine(limit: 300)
        switch reason {
        case "Unhealthy":
            // a container that crashes fails its readiness probe too, and that is nothing new
            guard puzzle == .unready || text.hasPrefix("Liveness") else { return nil }
            return Word(text: "\(subject): \(text); correct the probe, or what the container answers", isLasting: false)
        case "FailedCreate" where puzzle == .workload:
            let fix = text.contains("exceeded quota") ? "; ask for less, or raise `limits` in the server's configuration" : ""
            return Word(text: "\(subject): its pods can't be made: \(text)\(fix)", isLasting: true)
        case "FailedMount", "FailedAttachVolume":
            return Word(text: "\(subject): \(text); bring what the volume names, or correct the name", isLasting: true)
        case "ProvisioningFailed", "FailedBinding":
            return Word(text: "\(subject): \(text); name a storageClassName that the cluster has", isLasting: true)
        default: return nil
        }
    }
}

/// What it is of which nobody has said yet why it is not ready.
enum Puzzle: Hashable, Sendable { case unready, crashing, workload, claim }
