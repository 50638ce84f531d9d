import Foundation
import Logging
import StagingModel
import Subprocess
import SystemPackage

/// Caddy as a child of this process.
struct CaddyProcess {
    let settings: GatewaySettings
    let logger: Logger

    /// Runs Caddy with no more than its control socket, until it ends or the task is cancelled. Throws ``GatewayError/caddyMissing``, and
    /// returns what it said last otherwise.
    func run() async throws -> String {
        var platform = PlatformOptions()
        // A session of its own, so that a Ctrl-C reaches serve only, which then ends Caddy in order.
        platform.createSession = true
        platform.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(5))]
        let file = settings.directory.appending(path: "caddy.json")
        try Data(CaddyConfiguration(settings: settings).initial.canonicalBytes).write(to: file)
        // A Caddy that was killed leaves it behind, and the next one would take it for somebody else's.
        try? FileManager.default.removeItem(atPath: settings.adminSocket)
        do {
            return try await Subprocess.run(
                .name("caddy"), arguments: ["run", "--config", file.path],
                environment: .inherit.updating(["HOME": settings.directory.path, "XDG_CONFIG_HOME": nil, "XDG_DATA_HOME": nil]),
                platformOptions: platform, input: .none, output: .discarded, error: .sequence
            ) { execution in
                var last = ""
                for try await line in execution.standardError.strings() { last = log(line) ?? last }
                return last
            }.closureResult
        } catch let error as SubprocessError where error.code == .executableNotFound {
            throw GatewayError.caddyMissing
        }
    }

    /// Passes on what matters, and returns it.
    private func log(_ line: String) -> String? {
        struct Entry: Decodable {
            var level: String
            var msg: String
            var error: String?
        }
        guard let entry = try? JSONDecoder().decode(Entry.self, from: Data(line.utf8)) else {
            logger.notice("caddy", metadata: ["says": "\(line.prefix(1_000))"])
            return line
        }
        // What a stack does wrong is in the answer to its visitor; as a warning it would fill the log.
        let isLoud = entry.level == "error" && !entry.msg.isEmpty && entry.error?.contains("dial") != true
        let text = entry.msg + (entry.error.map { ": \($0)" } ?? "")
        logger.log(level: isLoud ? .warning : .debug, "caddy", metadata: ["says": "\(text.prefix(1_000))"])
        return isLoud ? text : nil
    }
}
