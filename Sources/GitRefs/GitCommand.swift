import Orchestration
import Subprocess
import Synchronization
import SystemPackage

/// One run of the `git` program in a mirror.
///
/// What a server sends is parsed in a process of its own, which has limits and can be ended at any moment together with what it started.
/// Neither the machine's nor the user's git configuration, proxies or hooks are consulted.
struct GitCommand {
    enum Ending: Hashable {
        case exited(Int32)
        case signalled
        /// Said nothing for ``GitLimits/silence``.
        case silent
    }

    struct Result {
        var ending: Ending
        /// The end of what it printed on standard error, without progress.
        var lines: [String]
        /// The end of its standard output.
        var output: [String]

        var succeeded: Bool { ending == .exited(0) }
    }

    var arguments: [String]
    /// Of git, by dotted name; stronger than the mirror's own.
    var configuration: [(name: String, value: String)] = []
    var environment: [String: String] = [:]

    /// Every command's configuration. Only the mirror's own bookkeeping is switched off here; what a fetch may do is said by it.
    private static let base: [(name: String, value: String)] = [
        ("core.hooksPath", "/dev/null"), ("core.fsmonitor", "false"), ("credential.helper", ""), ("gc.auto", "0"),
        ("maintenance.auto", "false"),
    ]

    /// Limits are set in the shell, because they have to be in force before git starts. A file that grows too large is an error of writing
    /// then, not a signal. POSIX counts files by blocks of 512 bytes.
    private static let script = """
        trap '' XFSZ; ulimit -c 0; ulimit -f "$1"; ulimit -d "$2"; shift 2; exec git "$@"
        """

    /// Throws `CancellationError`, and ``StepError`` when it can't be started.
    func run(in mirror: String, path: String, limits: GitLimits) async throws -> Result {
        let pulse = Pulse()
        return try await withThrowingTaskGroup(of: Result.self) { group in
            group.addTask { try await process(in: mirror, path: path, limits: limits, pulse) }
            group.addTask {
                while case let rest = limits.silence - pulse.age, rest > .zero { try await Task.sleep(for: rest) }
                return Result(ending: .silent, lines: [], output: [])
            }
            defer { group.cancelAll() }
            guard let first = try await group.next() else { throw CancellationError() }
            return first
        }
    }

    private func process(in mirror: String, path: String, limits: GitLimits, _ pulse: Pulse) async throws -> Result {
        var platform = PlatformOptions()
        // A session of its own: what git starts, such as ssh, is ended with it, and nothing can ask at a terminal.
        platform.createSession = true
        platform.teardownSequence = [.gracefulShutDown(toProcessGroup: true, allowedDurationToNextStep: .milliseconds(500))]
        let values = variables(mirror: mirror, path: path).map { (Environment.Key(stringLiteral: $0), $1) }
        let blocks = "\(limits.fileBytes / 512)"
        let kilobytes = "\(limits.memoryBytes / 1024)"
        do {
            let outcome = try await Subprocess.run(
                .path("/bin/sh"), arguments: Arguments(["-c", Self.script, "sh", blocks, kilobytes] + arguments),
                environment: .custom(Dictionary(values) { $1 }), workingDirectory: FilePath(mirror), platformOptions: platform,
                input: .none, output: .sequence, error: .sequence
            ) { execution in
                async let output = Self.tail(of: execution.standardOutput, nil)
                let lines = try await Self.tail(of: execution.standardError, pulse)
                return (lines, try await output)
            }
            try Task.checkCancellation()
            let (lines, output) = outcome.closureResult
            switch outcome.terminationStatus {
            case .exited(127) where lines.contains { $0.contains("not found") }:
                throw StepError("the program git is not installed; install it", isRetryable: true)
            case .exited(let code): return Result(ending: .exited(code), lines: lines, output: output)
            default: return Result(ending: .signalled, lines: lines, output: output)
            }
        } catch let error as SubprocessError {
            try Task.checkCancellation()
            throw StepError("git can't be started: \(oneLine("\(error)"))", isRetryable: true)
        }
    }

    private func variables(mirror: String, path: String) -> [String: String] {
        var variables = environment
        variables["PATH"] = path
        variables["HOME"] = mirror
        variables["LC_ALL"] = "C"
        variables["GIT_DIR"] = mirror
        variables["GIT_CONFIG_NOSYSTEM"] = "1"
        variables["GIT_CONFIG_GLOBAL"] = "/dev/null"
        variables["GIT_ATTR_NOSYSTEM"] = "1"
        variables["GIT_TERMINAL_PROMPT"] = "0"
        // In variables rather than in arguments, which every user of the machine can see.
        let settings = Self.base + configuration
        variables["GIT_CONFIG_COUNT"] = "\(settings.count)"
        for (index, setting) in settings.enumerated() {
            variables["GIT_CONFIG_KEY_\(index)"] = setting.name
            variables["GIT_CONFIG_VALUE_\(index)"] = setting.value
        }
        return variables
    }

    private static func tail(of stream: SubprocessOutputSequence, _ pulse: Pulse?) async throws -> [String] {
        var text: [UInt8] = []
        for try await chunk in stream {
            chunk.withUnsafeBytes { bytes in
                text += bytes.suffix(16 << 10)
                if text.count > 32 << 10 { text.removeFirst(text.count - (16 << 10)) }
            }
            pulse?.beat()
            if text.firstRange(of: received) != nil { pulse?.stop() }
        }
        return String(decoding: text, as: UTF8.self).split(whereSeparator: \.isNewline).map { oneLine(String($0)) }
            .filter { !$0.contains(progress) }.suffix(20)
    }

    /// After this the server has said all, and git checks in silence what it got.
    private static let received = Array("Receiving objects: 100%".utf8)

    /// `Receiving objects:  12% (34/278)`, and a count without an end: `remote: Enumerating objects: 34`.
    nonisolated(unsafe) private static let progress = /^(remote: )?[A-Z][A-Za-z ]+: +[0-9]+(%|, done|$)/
}

/// When a process last said something.
private final class Pulse: Sendable {
    /// Nil when nothing is expected any more.
    private let last = Mutex<ContinuousClock.Instant?>(.now)

    var age: Duration { last.withLock { $0?.duration(to: .now) } ?? .zero }
    func beat() { last.withLock { if $0 != nil { $0 = .now } } }
    func stop() { last.withLock { $0 = nil } }
}
