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
        var log = ""
        var waiters: [(text: String, continuation: CheckedContinuation<String, any Error>)] = []
        var exitWaiters: [CheckedContinuation<Int32, Never>] = []
        var exitStatus: Int32?
    }

    private let process: Mutex<Process>
    private let state = Mutex(State())

    /// Starts `executable` with the machine's environment and `environment` over it. What it prints is kept in ``log``.
    public init(_ executable: URL, _ arguments: [String], environment: [String: String] = [:], directory: URL? = nil) throws {
        let process = Process()
        process.executableURL = executable
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { _, new in new }
        if let directory { process.currentDirectoryURL = directory }
        process.standardInput = FileHandle.nullDevice
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        self.process = Mutex(process)
        pipe.fileHandleForReading.readabilityHandler = { [weak self] handle in
            let data = handle.availableData
            if data.isEmpty { handle.readabilityHandler = nil }
            self?.printed(String(decoding: data, as: UTF8.self))
        }
        process.terminationHandler = { [weak self] process in self?.ended(process.terminationStatus) }
        try process.run()
    }

    /// All that it printed so far.
    public var log: String { state.withLock { $0.log } }

    /// Returns the first line that contains `text`, as soon as it was printed. Throws when the program ends without.
    public func line(containing text: String) async throws -> String {
        try await withCheckedThrowingContinuation { continuation in
            let outcome: Result<String, any Error>? = state.withLock { state in
                if let line = Self.line(in: state.log, containing: text) { return .success(line) }
                if state.exitStatus != nil { return .failure(Failure("it ended without \"\(text)\":\n\(state.log)")) }
                state.waiters.append((text, continuation))
                return nil
            }
            if let outcome { continuation.resume(with: outcome) }
        }
    }

    /// Sends SIGKILL: it gets no chance to tidy up.
    public func kill() { _ = process.withLock { Foundation.kill($0.processIdentifier, SIGKILL) } }

    /// Sends SIGTERM.
    public func terminate() { process.withLock { $0.terminate() } }

    /// Returns its exit status when it has ended.
    @discardableResult
    public func waitForExit() async -> Int32 {
        await withCheckedContinuation { continuation in
            let status = state.withLock { state in
                if state.exitStatus == nil { state.exitWaiters.append(continuation) }
                return state.exitStatus
            }
            if let status { continuation.resume(returning: status) }
        }
    }

    private func printed(_ text: String) {
        let found = state.withLock { state in
            state.log += text
            var found: [(CheckedContinuation<String, any Error>, String)] = []
            state.waiters.removeAll { waiter in
                guard let line = Self.line(in: state.log, containing: waiter.text) else { return false }
                found.append((waiter.continuation, line))
                return true
            }
            return found
        }
        for (continuation, line) in found { continuation.resume(returning: line) }
    }

    private func ended(_ status: Int32) {
        let (exits, waiters, log) = state.withLock { state in
            state.exitStatus = status
            defer { (state.exitWaiters, state.waiters) = ([], []) }
            return (state.exitWaiters, state.waiters.map(\.continuation), state.log)
        }
        for exit in exits { exit.resume(returning: status) }
        for waiter in waiters { waiter.resume(throwing: Failure("it ended with status \(status):\n\(log)")) }
    }

    /// A whole line, so that a number at its end is not cut.
    private static func line(in log: String, containing text: String) -> String? {
        log.split(separator: "\n", omittingEmptySubsequences: false).dropLast().first { $0.contains(text) }.map(String.init)
    }

    /// Runs a program to its end, and returns what it printed. Throws ``Failure`` when its status is not among `accepted`.
    @discardableResult
    public static func run(
        _ executable: URL, _ arguments: [String], environment: [String: String] = [:], directory: URL? = nil,
        accepting accepted: Set<Int32> = [0]
    ) async throws -> (status: Int32, output: String, errors: String) {
        var changes: [Environment.Key: String?] = [:]
        for (name, value) in environment { changes[Environment.Key(stringLiteral: name)] = value }
        let result = try await Subprocess.run(
            .path(FilePath(executable.path)), arguments: Arguments(arguments), environment: .inherit.updating(changes),
            workingDirectory: directory.map { FilePath($0.path) }, output: .string(limit: 1 << 22), error: .string(limit: 1 << 22))
        let (output, errors) = (result.standardOutput, result.standardError)
        guard case .exited(let status) = result.terminationStatus, accepted.contains(status) else {
            throw Failure(
                "\(executable.lastPathComponent) \(arguments.joined(separator: " ")): \(result.terminationStatus)\n\(output)\(errors)")
        }
        return (status, output, errors)
    }
}
