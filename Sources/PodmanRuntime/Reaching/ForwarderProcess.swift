import Foundation
import Logging
import NIOCore
import NIOPosix
import Orchestration
import Subprocess
import Synchronization

/// The ``Forwarder`` as a child: started when it is needed, and again when it died or podman has made another network namespace.
final class ForwarderProcess: Sendable {
    private struct State {
        /// The namespace for which a child was started last, and is not known to have ended.
        var running: NetworkNamespace?
        /// The namespace in which a child can be asked.
        var ready: NetworkNamespace?
        /// What the last child that failed said.
        var lastWords: String?
    }

    private let program: [String]
    private let folder: URL
    private let logger: Logger
    private let state = Mutex(State())
    private let demands: AsyncStream<NetworkNamespace>
    private let demand: AsyncStream<NetworkNamespace>.Continuation

    /// Seconds that a child has to be ready after it was asked for.
    private static let patience = 10.0

    /// - Parameters:
    ///   - program: what runs ``Forwarder/run(folder:)`` with the folder as one more argument.
    ///   - folder: for its sockets.
    init(program: [String], folder: URL, logger: Logger) {
        self.program = program
        self.folder = folder
        self.logger = logger
        (demands, demand) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Returns the folder of the sockets that lead into a namespace, once there is a child in it. Throws ``PodmanError/unreachable(_:)``.
    func sockets(in namespace: NetworkNamespace) async throws -> URL {
        let clock = ContinuousClock()
        let deadline = clock.now.advanced(by: .seconds(Self.patience))
        state.withLock { $0.lastWords = nil }
        while state.withLock({ $0.ready }) != namespace {
            if let words = state.withLock({ $0.lastWords }) { throw PodmanError.unreachable(words) }
            guard clock.now < deadline else {
                throw PodmanError.unreachable("the forwarder into podman's network namespace did not start within \(Int(Self.patience)) s")
            }
            demand.yield(namespace)
            try await Task.sleep(for: .milliseconds(20))
        }
        return folder(of: namespace)
    }

    /// Asks the child of a namespace, which has to be ready.
    func ask(_ request: ForwarderRequest, in namespace: NetworkNamespace) async throws -> ForwarderRequest.Answer {
        let path = folder(of: namespace).appending(path: Forwarder.control).path
        return try await within(.seconds(Self.patience), "the forwarder") {
            let connection = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup).connect(unixDomainSocketPath: path) {
                channel in
                channel.eventLoop.makeCompletedFuture { try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel) }
            }
            return try await connection.executeThenClose { inbound, outbound in
                try await outbound.write(ByteBuffer(string: request.text))
                var answer = ""
                for try await bytes in inbound { answer += String(buffer: bytes) }
                return ForwarderRequest.Answer(answer)
            }
        }
    }

    /// Runs children, one a namespace, until it is cancelled; the one before ends once another namespace is asked for.
    func run() async {
        await withDiscardingTaskGroup { group in
            var end: AsyncStream<Never>.Continuation?
            for await namespace in demands {
                guard state.withLock({ $0.running }) != namespace else { continue }
                end?.finish()
                let (life, continuation) = AsyncStream<Never>.makeStream()
                end = continuation
                state.withLock { $0.running = namespace }
                group.addTask { await self.child(in: namespace, until: life) }
            }
            group.cancelAll()
        }
    }

    private func folder(of namespace: NetworkNamespace) -> URL { folder.appending(path: namespace.number, directoryHint: .isDirectory) }

    private func child(in namespace: NetworkNamespace, until life: AsyncStream<Never>) async {
        await withTaskGroup(of: String?.self) { group in
            group.addTask {
                do { return try await self.child(in: namespace) } catch {
                    return Task.isCancelled ? nil : "the forwarder can't be started: \("\(error)".oneLine(limit: 300))"
                }
            }
            group.addTask {
                for await _ in life {}
                return nil
            }
            let words = await group.next() ?? nil
            group.cancelAll()
            state.withLock { state in
                if state.ready == namespace { state.ready = nil }
                if state.running == namespace { state.running = nil }
                state.lastWords = words
            }
            if let words { logger.warning("no pod can be reached for now", metadata: ["reason": "\(words)"]) }
        }
        try? FileManager.default.removeItem(at: folder(of: namespace))
    }

    /// Runs one child to its end, and returns why it ended.
    private func child(in namespace: NetworkNamespace) async throws -> String {
        let folder = folder(of: namespace)
        try? FileManager.default.removeItem(at: folder)  // of one that was killed
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        var platform = PlatformOptions()
        platform.createSession = true  // Ctrl-C is for Slingshot
        platform.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(1))]
        // It touches bytes of strangers, so it gives away the rights that come with entering, and has no secret in its environment.
        let command =
            NetworkNamespace.entering(namespace.member)
            + ["setpriv", "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all"] + program + [folder.path]
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/sbin:/usr/bin:/sbin:/bin"
        let result = try await Subprocess.run(
            .name(command[0]), arguments: Arguments(Array(command.dropFirst())),
            environment: .custom(["PATH": path, "LIBDISPATCH_LOG": "NO"]),
            platformOptions: platform, input: .inputWriter, output: .discarded, error: .sequence
        ) { execution in
            var last = ""
            for try await line in execution.standardError.strings() {
                let line = line.oneLine(limit: 300)
                if line == "ready" { state.withLock { $0.ready = namespace } } else if !line.isEmpty { last = line }
            }
            return last
        }
        return "the forwarder ended: \(result.closureResult.isEmpty ? "\(result.terminationStatus)" : result.closureResult)"
    }
}
