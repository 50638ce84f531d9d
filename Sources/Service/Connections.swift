import NIOCore
import Synchronization

/// The open connections: how many there are, whose, and which are idle.
final class Connections: Sendable {
    private struct Entry {
        var channel: any Channel
        var sender: Sender
        /// Nil while a request is under way.
        var idleSince: NIODeadline?
    }

    private struct State {
        var open: [ObjectIdentifier: Entry] = [:]
        var bySender: [Sender: Int] = [:]
    }

    let limits: ServerLimits
    private let trusted: Set<Sender>
    private let state = Mutex(State())

    init(limits: ServerLimits, trusted: Set<Sender>) {
        self.limits = limits
        self.trusted = trusted
    }

    /// Whether the connection may stay. Where all places are taken, the one that has been idle longest makes room: senders who hold
    /// connections and do nothing can't keep others out.
    func open(_ channel: any Channel) -> Bool {
        let sender = Sender(channel.remoteAddress)
        let (isAdmitted, evicted) = state.withLock { state -> (Bool, (any Channel)?) in
            guard trusted.contains(sender) || state.bySender[sender, default: 0] < limits.connectionsOfSender else { return (false, nil) }
            var evicted: Entry?
            if state.open.count >= limits.connections {
                let idle = state.open.filter { $0.value.idleSince != nil }
                guard let (id, entry) = idle.min(by: { $0.value.idleSince ?? .distantFuture < $1.value.idleSince ?? .distantFuture }) else {
                    return (false, nil)
                }
                Self.remove(id, from: &state)
                evicted = entry
            }
            state.open[ObjectIdentifier(channel)] = Entry(channel: channel, sender: sender, idleSince: .now())
            state.bySender[sender, default: 0] += 1
            return (true, evicted?.channel)
        }
        evicted?.close(promise: nil)
        return isAdmitted
    }

    func closed(_ channel: any Channel) { state.withLock { Self.remove(ObjectIdentifier(channel), from: &$0) } }

    func busy(_ channel: any Channel) { state.withLock { $0.open[ObjectIdentifier(channel)]?.idleSince = nil } }

    func idle(_ channel: any Channel) { state.withLock { $0.open[ObjectIdentifier(channel)]?.idleSince = .now() } }

    /// How many have a request under way.
    var busyCount: Int { state.withLock { $0.open.values.count { $0.idleSince == nil } } }

    private static func remove(_ id: ObjectIdentifier, from state: inout State) {
        guard let entry = state.open.removeValue(forKey: id) else { return }
        let left = state.bySender[entry.sender, default: 0] - 1
        state.bySender[entry.sender] = left > 0 ? left : nil
    }
}
