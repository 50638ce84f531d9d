import Foundation
public import Logging
public import ServiceLifecycle
public import StagingModel
import Telemetry

/// Brings every stack to what is wanted of it: one serial worker a stack, many stacks at once.
///
/// Level-triggered: a wake says only *that* a record may need something; what, the worker reads from the record. So wakes can be
/// lost, doubled and merged, and ten pushes in a second make one deploy or two.
public actor Orchestrator: Service {
    let engines: Engines
    let settings: OrchestrationSettings
    let logger: Logger
    /// Whether it runs, and which engines answer.
    public nonisolated let health = EngineHealth()
    private var bells: [StackName: Bell] = [:]
    private let wakes: AsyncStream<StackName>
    private let wakeContinuation: AsyncStream<StackName>.Continuation
    private let agenda = Agenda()

    public init(engines: Engines, settings: OrchestrationSettings, logger: Logger) {
        self.engines = engines
        self.settings = settings
        self.logger = logger
        (wakes, wakeContinuation) = AsyncStream.makeStream(of: StackName.self)
    }

    /// Says that the record of a stack changed. Returns at once.
    public nonisolated func wake(_ name: StackName) { wakeContinuation.yield(name) }

    /// Runs until the task is cancelled or the service shuts down. Steps in flight are cancelled then; the next start goes on
    /// with them, because their records still say what is wanted.
    public func run() async throws {
        health.runs(true)
        defer { health.runs(false) }
        await moveAll()
        await withGracefulShutdownHandler {
            await withDiscardingTaskGroup { group in
                group.addTask { await self.keepAgenda() }
                for runtime in engines.runtimes {
                    group.addTask { await self.adoptAll(from: runtime.key, runtime.value) }
                }
                for await name in wakes {
                    if let bell = bells[name] {
                        bell.ring()
                    } else {
                        bells[name] = Bell()
                        group.addTask { await LogScope.with(["stack": "\(name)"]) { await self.work(on: name) } }
                    }
                }
                group.cancelAll()
            }
        } onGracefulShutdown: {
            self.wakeContinuation.finish()
        }
    }

    /// Moves the stacks whose repository has another runtime in the configuration than when they were launched.
    func moveAll() async {
        while !Task.isCancelled {
            let now = engines.clock.now.wholeSeconds
            do {
                return try await engines.store.write { [settings] transaction in
                    for var stack in try transaction.stacks(includingDestroyed: false) where stack.wanted == .running {
                        guard let target = settings.repositories[stack.name.repository]?.runtime, target != stack.runtime else { continue }
                        let text = "the repository is configured for \(target) now: moving there from \(stack.runtime)"
                        stack.move(to: target)
                        stack.updatedAt = now
                        try transaction.save(stack, wakeAt: now)
                        try transaction.append(StackEvent(stack: stack.name, at: now, kind: .decision, name: "move", message: text))
                    }
                }
            } catch {
                logger.error("the store could not be read; trying again in 5 s", metadata: ["error": "\(error)"])
                try? await engines.clock.sleep(until: now.addingTimeInterval(5))
            }
        }
    }

    /// Wakes each stack when its time has come: a lease that ends, a retry. Sleeps until the next such instant, however far it is.
    private func keepAgenda() async {
        while !Task.isCancelled {
            let now = engines.clock.now
            do {
                let (due, next) = try await engines.store.read { (try $0.due(at: now), try $0.nextWake(after: now)) }
                for name in due where bells[name] == nil { wake(name) }
                await agenda.wait(until: next, clock: engines.clock)
            } catch {
                logger.error("the store could not be read; trying again in 5 s", metadata: ["error": "\(error)"])
                await agenda.wait(until: now.addingTimeInterval(5), clock: engines.clock)
            }
        }
    }

    private func listen(to name: StackName) -> AsyncStream<Void>? { bells[name]?.listen() }

    private func work(on name: StackName) async {
        let worker = StackWorker(name: name, engines: engines, settings: settings, logger: logger)
        repeat {
            bells[name]?.reset()
            do {
                try await worker.run { await self.listen(to: name) }
            } catch is CancellationError {
                break
            } catch {
                logger.error("the worker stopped; trying again in 5 s", metadata: ["stack": "\(name)", "error": "\(error)"])
                try? await engines.clock.sleep(until: engines.clock.now.addingTimeInterval(5))
                bells[name]?.ring()
            }
        } while bells[name]?.wasRung == true && !Task.isCancelled
        bells[name] = nil
        agenda.change()
    }
}
