import Foundation
import Logging
import Orchestration
import StagingModel

/// When a repository's worker has to look again.
struct Outlook: Hashable {
    /// Nil for when something changes.
    var next: Date?
    /// The forge takes nothing before then; whatever changes meanwhile has to wait.
    var closedUntil: Date?
}

extension Agenda {
    /// Does `pass` whenever its outlook says so, and whenever something changes, until the task is cancelled.
    ///
    /// - Parameter failure: what the log says when a pass throws.
    func keep(clock: any WallClock, logger: Logger, failure: String, _ pass: () async throws -> Outlook) async {
        var outlook = Outlook()
        while !Task.isCancelled {
            if outlook.closedUntil.map({ $0 <= clock.now }) ?? true {
                do { outlook = try await pass() } catch {
                    if Task.isCancelled { return }
                    logger.error("\(failure); trying again in 5 s", metadata: ["error": "\(error)"])
                    outlook = Outlook(next: clock.now.addingTimeInterval(5))
                }
            }
            await wait(until: outlook.next, clock: clock)
        }
    }
}

extension [RepositoryName: any ForgeClient] {
    /// Keeps doing the pass of each repository, apart from the others', until the task is cancelled.
    ///
    /// - Parameters:
    ///   - changes: the names of stacks because of which their repository has to look again.
    ///   - failure: what the log says when a pass throws.
    func keep(
        on changes: AsyncStream<StackName>, clock: any WallClock, logger: Logger, failure: String,
        _ pass: @Sendable (RepositoryName, any ForgeClient) -> @Sendable () async throws -> Outlook
    ) async {
        let agendas = mapValues { _ in Agenda() }
        await withDiscardingTaskGroup { group in
            group.addTask { for await name in changes { agendas[name.repository]?.change() } }
            for (repository, client) in self {
                guard let agenda = agendas[repository] else { continue }
                let pass = pass(repository, client)
                group.addTask { await agenda.keep(clock: clock, logger: logger, failure: failure, pass) }
            }
        }
    }
}
