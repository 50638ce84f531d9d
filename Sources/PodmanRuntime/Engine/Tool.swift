import Orchestration
import Subprocess

/// A small program of the machine, run to its end.
enum Tool {
    struct Outcome: Sendable {
        var succeeded: Bool
        var output: String
        /// The last line that it printed on standard error.
        var complaint: String
    }

    /// Throws `StepError` when the program is missing or takes longer than 20 s.
    ///
    /// - Parameters:
    ///   - command: the program and its arguments.
    ///   - input: what it reads.
    static func run(_ command: [String], input: String = "") async throws -> Outcome {
        let name = command[0]
        do {
            // By its path: a name is tried in each folder of PATH by a process of its own.
            let program = try await Executable.name(name).resolveExecutablePath(in: .inherit)
            return try await within(.seconds(20), name) {
                // Not `.string(input)`: swift-subprocess 1.0 traps when such a run is cancelled before the input is written.
                let result = try await Subprocess.run(
                    .path(program), arguments: Arguments(Array(command.dropFirst())), input: .inputWriter, output: .string(limit: 1 << 20),
                    error: .string(limit: 1 << 16)
                ) { execution in
                    // Whoever ends before it has read all says why by itself.
                    if !input.isEmpty { _ = try? await execution.standardInputWriter.write(input) }
                    try await execution.standardInputWriter.finish()
                }
                let lines = result.standardError.split(whereSeparator: \.isNewline).map { String($0).oneLine(limit: 200) }
                return Outcome(
                    succeeded: result.terminationStatus == .exited(0), output: result.standardOutput,
                    complaint: lines.last { !$0.isEmpty } ?? "")
            }
        } catch let error as SubprocessError {
            try Task.checkCancellation()
            if error.code == .executableNotFound {
                throw StepError("\(name) is not installed; install it (apt-get install iproute2 iptables util-linux)", isRetryable: true)
            }
            throw StepError("\(name) could not be run: \("\(error)".oneLine(limit: 200))", isRetryable: true)
        }
    }
}
