import StagingModel
import Synchronization

/// The stacks that can be visited now, and where their hosts lead.
final class RouteTable: Sendable {
    /// What the routes were asked for; others are asked for when it changes.
    struct Key: Hashable {
        var runtime: String
        var namespaceUID: String
        var revision: Int
        var planDigest: String
    }

    struct Entry: Hashable {
        var key: Key
        var stack: Stack
        var routes: [StackRoute]
    }

    private struct State {
        var entries: [StackName: Entry] = [:]
        var listeners: [StackName: [Int: AsyncStream<Void>.Continuation]] = [:]
        var byVisitor: [String: Int] = [:]
        var nextID = 0
    }

    /// Visitors who follow progress at the same time; more are told to come back.
    static let mostListeners = 1_000
    /// Of one visitor, so that nobody takes the places of all.
    static let mostListenersOfVisitor = 100
    private let state = Mutex(State())

    subscript(name: StackName) -> Entry? { state.withLock { $0.entries[name] } }

    func set(_ entry: Entry?, for name: StackName) { state.withLock { $0.entries[name] = entry } }

    /// Says that something of the stack may look otherwise.
    func announce(_ name: StackName) {
        for listener in state.withLock({ Array($0.listeners[name, default: [:]].values) }) { listener.yield() }
    }

    /// A stream that says at once, and then with each ``announce(_:)``, that there may be news; nil when too many listen already,
    /// or too many of the same visitor.
    func listen(to name: StackName, visitor: String) -> (AsyncStream<Void>, AsyncStream<Void>.Continuation)? {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let id: Int? = state.withLock { state in
            guard state.byVisitor.values.reduce(0, +) < Self.mostListeners,
                state.byVisitor[visitor, default: 0] < Self.mostListenersOfVisitor
            else { return nil }
            state.byVisitor[visitor, default: 0] += 1
            state.nextID += 1
            state.listeners[name, default: [:]][state.nextID] = continuation
            return state.nextID
        }
        guard let id else { return nil }
        continuation.onTermination = { _ in
            self.state.withLock { state in
                state.listeners[name]?[id] = nil
                if state.listeners[name]?.isEmpty == true { state.listeners[name] = nil }
                state.byVisitor[visitor, default: 1] -= 1
                if state.byVisitor[visitor] == 0 { state.byVisitor[visitor] = nil }
            }
        }
        continuation.yield()
        return (stream, continuation)
    }
}

extension RouteTable.Key {
    /// Where a stack that is wanted was seen ready: on its engine, or, while it moves, on the one that it comes from. Nil when nowhere.
    init?(_ stack: Stack) {
        guard stack.wanted == .running, let key = stack.placements.lazy.compactMap({ Self($0) }).first else { return nil }
        self = key
    }

    private init?(_ placement: Placement) {
        guard let deployed = placement.deployed, deployed.readyAt != nil, let uid = placement.namespaceUID else { return nil }
        self.init(runtime: placement.runtime, namespaceUID: uid, revision: deployed.revision, planDigest: deployed.planDigest)
    }

    /// Whether that namespace is one of the stack's still.
    func isOf(_ stack: Stack) -> Bool {
        stack.wanted == .running && stack.placements.contains { $0.runtime == runtime && $0.namespaceUID == namespaceUID }
    }
}
