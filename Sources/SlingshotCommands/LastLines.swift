import Gateway
import Orchestration
import StagingModel
import Synchronization

/// What a stack wrote last: its build, while that runs and when it failed; else its containers.
struct LastLines {
    let engines: Engines

    /// Nil while there is nothing, or who has it does not tell.
    func of(_ name: StackName) async -> [LogLine]? {
        guard let stack = try? await engines.store.read({ try $0.stack(name) }) else { return nil }
        if stack.phase == .building || stack.failure?.step == "build" {
            return await engines.builders[stack.runtime]?.output(of: name, last: GatewayPages.mostLines)
        }
        guard stack.namespaceUID != nil, let runtime = engines.runtimes[stack.runtime] else { return nil }
        let lines = Mutex<[LogLine]>([])
        do {
            try await runtime.logs(of: name, LogQuery(tail: GatewayPages.mostLines)) { line in lines.withLock { $0.append(line) } }
        } catch {
            return nil
        }
        return lines.withLock { $0 }
    }
}
