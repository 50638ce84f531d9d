public import Foundation
import Subprocess
import Synchronization
import SystemPackage

/// A program that a test started, and can kill as an accident would.
public final class ChildProcess: Sendable {
    public struct Failure: Error, CustomStringConvertible {
        public let description: String

        public init(_ description: String) { self.description = description }
    }

    private struct State {
        var lines: [String] = []
        var hasEnded = false
        var waiters: [(text: String, continuation: CheckedContinuation<String, any Error>)] = []
        var endWaiters: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())
    /// Its number, as `/proc` has it.
    public let id: String
    private let send: @Sendable (Signal) -> Void

    private init(id: String, send: @escaping @Sendable (Signal) -> Void) {
        self.id = id
        self.send = send
    }

    /// Runs `executable` while `body` runs, with the machine's environment and `environment` over it; then ends it with SIGTERM, unless it
    /// has ended already. What it prints on standard error is kept in ``log``.
    public static func running<T: Sendable>(
        _ executable: URL, _ arguments: [String], environment: [String: String] = [:], _ body: @Sendable (ChildProcess) async throws -> T
    ) async throws -> T {
        try await runningToEnd(executable, arguments, environment: environment, body).result
    }

    /// The same; tells also how the program ended: its status, or 128 and the signal, as a shell does.
    public static func runningToEnd<T: Sendable>(
        _ executable: URL, _ arguments: [String], environment: [String: String] = [:], _ body: @Sendable (ChildProcess) async throws -> T
    ) async throws -> (result: T, status: Int32) {
        let outcome = try await Subprocess.run(
            .path(FilePath(executable.path)), arguments: Arguments(arguments), environment: .inherit.updating(changes(environment)),
            input: .none, output: .discarded, error: .sequence
        ) { execution in
            let child = ChildProcess(id: "\(execution.processIdentifier.value)") { try? execution.send(signal: $0) }
            return try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for try await line in execution.standardError.strings() { child.printed(line) }
                    child.hasPrintedAll()
                }
                do {
                    let result = try await body(child)
                    await child.stop()
                    return result
                } catch {
                    await child.stop()
                    throw error
                }
            }
        }
        let status: Int32 =
            switch outcome.terminationStatus {
            case .exited(let status): status
            case .signaled(let signal): 128 + signal
            }
        return (outcome.closureResult, status)
    }

    /// All that it printed so far.
    public var log: String { state.withLock { $0.lines.joined(separator: "\n") } }

    /// Returns the first line that contains `text`, as soon as it was printed. Throws when the program ends without.
    public func line(containing text: String) async throws -> String {
        try await withCheckedThrowingContinuation { continuation in
            let outcome: Result<String, any Error>? = state.withLock { state in
                if let line = state.lines.first(where: { $0.contains(text) }) { return .success(line) }
                if state.hasEnded { return .failure(Failure("it ended without \"\(text)\":\n\(state.lines.joined(separator: "\n"))")) }
                state.waiters.append((text, continuation))
                return nil
            }
            if let outcome { continuation.resume(with: outcome) }
        }
    }

    /// Sends SIGKILL, so that it gets no chance to tidy up, and returns when it is dead.
    public func kill() async {
        send(.kill)
        await ended()
    }

    /// Asks it to end, as an operator or a cluster does.
    public func terminate() { send(.terminate) }

    private func stop() async {
        if !state.withLock({ $0.hasEnded }) { send(.terminate) }
        await ended()
    }

    /// Returns when it is dead, by itself or killed.
    public func ended() async {
        await withCheckedContinuation { continuation in
            let hasEnded = state.withLock { state in
                if !state.hasEnded { state.endWaiters.append(continuation) }
                return state.hasEnded
            }
            if hasEnded { continuation.resume() }
        }
    }

    private func printed(_ line: String) {
        let found = state.withLock { state in
            state.lines.append(line)
            let found = state.waiters.filter { line.contains($0.text) }
            state.waiters.removeAll { line.contains($0.text) }
            return found
        }
        for waiter in found { waiter.continuation.resume(returning: line) }
    }

    private func hasPrintedAll() {
        let (waiters, endWaiters) = state.withLock { state in
            state.hasEnded = true
            defer { (state.waiters, state.endWaiters) = ([], []) }
            return (state.waiters, state.endWaiters)
        }
        for waiter in waiters { waiter.continuation.resume(throwing: Failure("it ended without \"\(waiter.text)\":\n\(log)")) }
        for waiter in endWaiters { waiter.resume() }
    }

    private static func changes(_ environment: [String: String]) -> [Environment.Key: String?] {
        Dictionary(uniqueKeysWithValues: environment.map { (Environment.Key(stringLiteral: $0.key), $0.value) })
    }

    /// Runs a program to its end, and returns what it printed. Throws ``Failure`` when its status is not among `accepted`.
    @discardableResult
    public static func run(
        _ executable: URL, _ arguments: [String], environment: [String: String] = [:], directory: URL? = nil,
        accepting accepted: Set<Int32> = [0]
    ) async throws -> (status: Int32, output: String, errors: String) {
        let result = try await Subprocess.run(
            .path(FilePath(executable.path)), arguments: Arguments(arguments), environment: .inherit.updating(changes(environment)),
            workingDirectory: directory.map { FilePath($0.path) }, output: .string(limit: 1 << 22), error: .string(limit: 1 << 22))
        let (output, errors) = (result.standardOutput, result.standardError)
        guard case .exited(let status) = result.terminationStatus, accepted.contains(status) else {
            throw Failure(
                "\(executable.lastPathComponent) \(arguments.joined(separator: " ")): \(result.terminationStatus)\n\(output)\(errors)")
        }
        return (status, output, errors)
    }
}
