import Foundation
import Logging
import Orchestration
import StagingModel
import Subprocess
import Synchronization
import SystemPackage

/// podman's service at one socket. Where it is Slingshot's own it is a child, started when somebody needs it and again when it died.
///
/// It ends by itself a minute after the last connection, so that none stays behind when Slingshot is killed. A Slingshot that comes back
/// before takes it over.
final class PodmanService: Sendable {
    let socket: String
    /// The folder for the child's `containers.conf`; nil for a service that is somebody else's to start.
    private let folder: URL?
    private let logger: Logger
    private let demands: AsyncStream<Void>
    private let demand: AsyncStream<Void>.Continuation
    /// What the last child that failed said.
    private let lastWords = Mutex<String?>(nil)
    private let probe: PodmanClient

    /// Seconds that a service has to answer after it was asked for. A first start on a slow machine makes podman's storage.
    private static let patience = 30.0

    init(socket: String, folder: URL?, logger: Logger) {
        self.socket = socket
        self.folder = folder
        self.logger = logger
        probe = PodmanClient(socket: socket)
        (demands, demand) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// The service that a runtime is to use: that of `configured`, or one that answers at the usual place, or an own one in `folder`.
    static func choose(configured: String?, folder: URL, logger: Logger) async throws -> PodmanService {
        if let configured { return PodmanService(socket: configured, folder: nil, logger: logger) }
        for path in usualSockets {
            let usual = PodmanService(socket: path, folder: nil, logger: logger)
            if await usual.probe.answers() { return usual }
            await usual.close()
        }
        let socket = folder.appending(path: "podman.sock").path
        // sockaddr_un holds 107 characters
        guard socket.utf8.count < 108 else {
            throw StepError("\(socket) is too long for a socket; shorten `state`, or set `socket` of the runtime", isRetryable: false)
        }
        return PodmanService(socket: socket, folder: folder, logger: logger)
    }

    /// Where systemd's podman.socket listens, for root and for a user.
    private static var usualSockets: [String] {
        if MachineFacts.here().isRoot { return ["/run/podman/podman.sock"] }
        return ProcessInfo.processInfo.environment["XDG_RUNTIME_DIR"].map { ["\($0)/podman/podman.sock"] } ?? []
    }

    func close() async { await probe.shutdown() }

    /// Returns when a service answers. Throws ``PodmanError/unreachable(_:)``: its text names the fix.
    func ensure() async throws {
        let clock = ContinuousClock()
        let deadline = clock.now.advanced(by: .seconds(Self.patience))
        lastWords.withLock { $0 = nil }
        var pause = Duration.milliseconds(20)
        while true {
            if await probe.answers() { return }
            guard folder != nil else {
                do { try await probe.send(.get, "/_ping") } catch let error as PodmanError { throw error }
                return
            }
            if let words = lastWords.withLock({ $0 }) { throw PodmanError.unreachable(words) }
            guard clock.now < deadline else {
                throw PodmanError.unreachable("podman's service did not begin to answer at \(socket) within \(Int(Self.patience)) s")
            }
            demand.yield()
            try await Task.sleep(for: pause)
            pause = min(pause * 2, .milliseconds(250))
        }
    }

    /// Runs a child whenever one is asked for and none answers, until it is cancelled; then the child is ended.
    func run() async {
        guard let folder else { return }
        for await _ in demands {
            if Task.isCancelled { return }
            if await probe.answers() { continue }
            do {
                let words = try await child(in: folder)
                if Task.isCancelled { return }
                lastWords.withLock { $0 = words }
                logger.notice("podman's service ended", metadata: ["reason": "\(words ?? "it had nothing to do")"])
            } catch {
                if Task.isCancelled { return }
                lastWords.withLock { $0 = Self.described(error) }
            }
        }
    }

    /// Runs one child to its end, and returns what it said if it failed.
    private func child(in folder: URL) async throws -> String? {
        let files = FileManager.default
        try files.createDirectory(at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        try? files.removeItem(atPath: socket)  // of a service that is dead; nobody answered there
        var changes: [Environment.Key: String?] = [:]
        // A configuration that was set for podman on purpose is better informed than what follows from a look at the machine.
        if ProcessInfo.processInfo.environment["CONTAINERS_CONF"] == nil, let text = MachineFacts.here().containersConfiguration {
            let file = folder.appending(path: "containers.conf")
            try Data(text.utf8).write(to: file, options: .atomic)
            changes["CONTAINERS_CONF"] = file.path
        }
        var platform = PlatformOptions()
        platform.createSession = true  // Ctrl-C is for Slingshot, which needs podman to the end
        platform.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(3))]
        let result = try await Subprocess.run(
            .name("podman"), arguments: ["system", "service", "--time", "60", "unix://\(socket)"],
            environment: .inherit.updating(changes),
            // where conmon leaves a file `oom` when a container runs out of memory
            workingDirectory: FilePath(folder.path), platformOptions: platform, input: .none, output: .discarded, error: .sequence
        ) { execution in
            var last = ""
            for try await line in execution.standardError.strings() where !line.oneLine(limit: 300).isEmpty {
                last = line.oneLine(limit: 300)
            }
            return last
        }
        guard result.terminationStatus != .exited(0) else { return nil }
        return "podman's service failed: \(result.closureResult.isEmpty ? "\(result.terminationStatus)" : result.closureResult)"
    }

    private static func described(_ error: any Error) -> String {
        if let error = error as? SubprocessError, error.code == .executableNotFound {
            return "podman is not installed; install it (apt-get install podman netavark aardvark-dns catatonit)"
        }
        return "podman's service can't be started: \("\(error)".oneLine(limit: 300))"
    }
}
