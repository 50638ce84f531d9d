import Foundation
public import Logging
public import Orchestration
public import ServiceLifecycle
public import StagingModel

/// Keeps the route table as the records say: one refresh a stack at a time, many stacks at once.
public actor RouteKeeper: Service {
    let table = RouteTable()
    private let store: any StackStore
    private let changes: AsyncStream<StackName>
    private let runtimes: [String: any StackRuntime]
    private let settings: GatewaySettings
    private let clock: any WallClock
    private let logger: Logger
    private let (wakes, wake) = AsyncStream.makeStream(of: StackName.self)
    private var refreshing: Set<StackName> = []
    private var changed: Set<StackName> = []
    /// Their routes have to be asked for again, whatever was deployed.
    private var outdated: Set<StackName> = []
    private var doubtedAt: [StackName: Date] = [:]

    /// Forgets the routes of an earlier process. Throws ``GatewayError`` when that can't be done.
    ///
    /// - Parameter changes: the names of stacks whose records change, from before now on.
    public init(
        settings: GatewaySettings, store: any StackStore, changes: AsyncStream<StackName>, runtimes: [String: any StackRuntime],
        clock: any WallClock, logger: Logger
    ) throws {
        try settings.routes.clear()
        self.settings = settings
        self.store = store
        self.changes = changes
        self.runtimes = runtimes
        self.clock = clock
        self.logger = logger
    }

    public func run() async throws {
        await withGracefulShutdownHandler {
            await withDiscardingTaskGroup { group in
                group.addTask { for await name in self.changes { self.wake.yield(name) } }
                for runtime in runtimes.values {
                    group.addTask { for await name in runtime.routeChanges() { await self.outdate(name) } }
                }
                group.addTask { await self.readAll() }
                for await name in wakes {
                    changed.insert(name)
                    if refreshing.insert(name).inserted { group.addTask { await self.work(on: name) } }
                }
                group.cancelAll()
            }
        } onGracefulShutdown: {
            self.wake.finish()
        }
        try settings.routes.clear()
    }

    /// The stack's upstream did not answer: its address may be another by now. Asked for again every 2 s at most.
    func doubt(_ name: StackName) {
        let now = clock.now
        if let last = doubtedAt[name], now.timeIntervalSince(last) < 2 { return }
        guard table[name] != nil else { return }
        doubtedAt[name] = now
        outdate(name)
    }

    private func outdate(_ name: StackName) {
        outdated.insert(name)
        wake.yield(name)
    }

    private func readAll() async {
        while !Task.isCancelled {
            do {
                for stack in try await store.read({ try $0.stacks(includingDestroyed: false) }) { wake.yield(stack.name) }
                return
            } catch {
                logger.error("the gateway can't read the stacks; trying again in 5 s", metadata: ["error": "\(error)"])
                try? await clock.sleep(until: clock.now.addingTimeInterval(5))
            }
        }
    }

    private func work(on name: StackName) async {
        var failures = 0
        while changed.remove(name) != nil, !Task.isCancelled {
            do {
                try await refresh(name)
                failures = 0
            } catch is CancellationError {
                break
            } catch {
                failures += 1
                logger.warning("the stack's routes are not known", metadata: ["stack": "\(name)", "error": "\(error)"])
                try? await clock.sleep(until: clock.now.addingTimeInterval(TimeInterval(min(failures, 5))))
                changed.insert(name)
            }
            table.announce(name)
        }
        refreshing.remove(name)
    }

    private func refresh(_ name: StackName) async throws {
        guard let stack = try await store.read({ try $0.stack(name) }), stack.wanted == .running else {
            doubtedAt[name] = nil
            outdated.remove(name)
            return set(nil, for: name)
        }
        let isOutdated = outdated.remove(name) != nil
        let known = table[name].flatMap { $0.key.isOf(stack) ? $0 : nil }
        // While a new commit is deployed, the old one answers as far as it still runs; only of the same namespace, though.
        guard let key = RouteTable.Key(stack) ?? known?.key, let runtime = runtimes[key.runtime] else { return set(nil, for: name) }
        var entry = RouteTable.Entry(key: key, stack: stack, routes: known?.routes ?? [])
        if known?.key != key || isOutdated {
            do { entry.routes = try await runtime.routes(of: name) } catch {
                if isOutdated { outdated.insert(name) }
                throw error
            }
        }
        set(entry, for: name)
    }

    private func set(_ entry: RouteTable.Entry?, for name: StackName) {
        let (old, new) = (direct(table[name]), direct(entry))
        table.set(entry, for: name)
        do { try settings.routes.change(from: old, to: new) } catch {
            logger.error("a route's file can't be changed", metadata: ["stack": "\(name)", "error": "\(error.localizedDescription)"])
        }
    }

    private func direct(_ entry: RouteTable.Entry?) -> Set<DirectRoute> {
        let isOpen = entry.map { settings.access[$0.stack.name.repository] == nil } ?? false
        return DirectRoute.routes(of: entry, below: settings.domain, isOpen: isOpen)
    }
}
