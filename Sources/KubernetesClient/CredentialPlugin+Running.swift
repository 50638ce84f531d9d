import Foundation
import Subprocess
import SystemPackage

extension CredentialPlugin {
    /// Of standard output, in bytes.
    static let largestOutput = 1 << 20

    /// Runs the program once. When `limit` is over, or the task is cancelled, it and what it started in its session are ended.
    ///
    /// - Throws: ``KubernetesError/configuration(_:)`` when it is missing or prints what it should not, ``KubernetesError/credentials(_:)``
    ///   when it fails, and `CancellationError`. What it printed on standard output is in none of them: that may be a secret.
    func run(limit: Duration) async throws -> ExecCredential {
        let output = try await withThrowingTaskGroup(of: [UInt8]?.self) { group in
            group.addTask { try await printed() }
            group.addTask {
                try await Task.sleep(for: limit)
                return nil
            }
            defer { group.cancelAll() }
            guard let first = try await group.next(), let output = first else {
                throw KubernetesError.credentials("\(self) did not end within \(limit)")
            }
            return output
        }
        return try ExecCredential(output, of: self)
    }

    private func printed() async throws -> [UInt8] {
        var platform = PlatformOptions()
        // a session of its own, so that what the program starts is ended with it
        platform.createSession = true
        platform.teardownSequence = [.gracefulShutDown(toProcessGroup: true, allowedDurationToNextStep: .milliseconds(200))]
        let executable: Executable = command.contains("/") ? .path(FilePath(command)) : .name(command)
        let changes = Dictionary(uniqueKeysWithValues: environment.map { (Environment.Key(stringLiteral: $0.key), Optional($0.value)) })
        do {
            let result = try await Subprocess.run(
                executable, arguments: Arguments(arguments), environment: .inherit.updating(changes), platformOptions: platform,
                input: .none, output: .bytes(limit: Self.largestOutput), error: .sequence
            ) { execution in
                var tail = Tail()
                for try await chunk in execution.standardError { chunk.withUnsafeBytes { tail.append($0) } }
                return tail.lastLine
            }
            guard result.terminationStatus != .exited(0) else { return result.standardOutput }
            try Task.checkCancellation()
            let how = if case .exited(let code) = result.terminationStatus { "exit code \(code)" } else { "ended by a signal" }
            throw KubernetesError.credentials("\(self) failed (\(how))" + (result.closureResult.isEmpty ? "" : ": \(result.closureResult)"))
        } catch let error as SubprocessError {
            try Task.checkCancellation()
            throw described(error)
        }
    }

    private func described(_ error: SubprocessError) -> KubernetesError {
        switch error.code {
        case .outputLimitExceeded: .configuration("\(self) printed more than \(Self.largestOutput) bytes")
        case .executableNotFound, .spawnFailed:
            .configuration(
                "\(self) can't be started; install it, or correct the kubeconfig's command"
                    + (installHint.map { ". Its kubeconfig says: \(oneLine($0))" } ?? ""))
        default: .credentials("\(self) could not be run: \(error.underlyingError.map { "\($0)" } ?? "no reason is known")")
        }
    }
}

/// The end of what a program prints, however much that is.
private struct Tail {
    private static let size = 4 << 10
    private var bytes: [UInt8] = []

    mutating func append(_ chunk: UnsafeRawBufferPointer) {
        bytes += chunk.suffix(Self.size)
        if bytes.count > Self.size { bytes.removeFirst(bytes.count - Self.size) }
    }

    var lastLine: String {
        let lines = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline).map { oneLine(String($0)) }
        return lines.last { !$0.isEmpty } ?? ""
    }
}

/// At most 300 characters, without those that steer terminals.
private func oneLine(_ text: String) -> String {
    let shown = String(String.UnicodeScalarView(text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }))
    return String(shown.trimmingCharacters(in: .whitespaces).prefix(300))
}
