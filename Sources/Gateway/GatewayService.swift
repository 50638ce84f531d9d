import Foundation
public import Logging
import NIOCore
import NIOPosix
public import Orchestration
public import ServiceLifecycle
import StagingModel

/// Keeps Caddy running, and configured as it has to be.
public struct GatewayService: Service {
    let settings: GatewaySettings
    let certificatePort: @Sendable () async -> Int?
    let onRunning: @Sendable () async -> Void
    let clock: any WallClock
    let logger: Logger

    /// - Parameters:
    ///   - certificatePort: where Caddy asks which hosts may get a certificate; nil unless certificates are made on demand.
    ///   - onRunning: told once, when people can reach the gateway.
    public init(
        settings: GatewaySettings, clock: any WallClock, logger: Logger, certificatePort: @escaping @Sendable () async -> Int? = { nil },
        onRunning: @escaping @Sendable () async -> Void
    ) {
        self.settings = settings
        self.clock = clock
        self.logger = logger
        self.certificatePort = certificatePort
        self.onRunning = onRunning
    }

    /// Throws ``GatewayError`` when Caddy can't even be started. A Caddy that dies later is started again.
    public func run() async throws {
        try await cancelWhenGracefulShutdown {
            do { try await keepRunning(CaddyAdmin(socket: settings.adminSocket)) } catch is CancellationError {}
        }
    }

    private func keepRunning(_ admin: CaddyAdmin) async throws {
        guard settings.hasPathsThatFit else { throw GatewayError.pathTooLong(settings.adminSocket) }
        let configuration = CaddyConfiguration(settings: settings, askPort: await certificatePort()).whole
        try await endPredecessor(admin)
        try await requireFreePort()
        var failures = 0
        var wasUp = false
        while true {
            do {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        let last = try await CaddyProcess(settings: settings, logger: logger).run()
                        throw GatewayError.refused("Caddy ended" + (last.isEmpty ? "" : ": \(last.prefix(500))"))
                    }
                    group.addTask { try await configure(admin, configuration) }
                    defer { group.cancelAll() }
                    try await group.next()
                    if !wasUp { await onRunning() }
                    (wasUp, failures) = (true, 0)
                    try await group.next()
                }
            } catch {
                try Task.checkCancellation()
                // What fails at the very start is the operator's to mend; later, it may be over in a moment.
                guard wasUp else { throw error }
                failures += 1
                logger.error("Caddy is started again", metadata: ["error": "\(error)"])
                try await clock.sleep(until: clock.now.addingTimeInterval(TimeInterval(min(failures - 1, 10))))
            }
        }
    }

    /// Throws what Caddy says, or that it says nothing.
    private func configure(_ admin: CaddyAdmin, _ configuration: JSONValue) async throws {
        for _ in 0..<200 {
            do { return try await admin.push(configuration) } catch let error as GatewayError { throw error } catch {
                try Task.checkCancellation()  // nobody listens yet
            }
            try await clock.sleep(until: clock.now.addingTimeInterval(0.05))
        }
        throw GatewayError.refused("Caddy does not answer on \(settings.adminSocket); see the log")
    }

    /// Caddy shares its port with whatever shares too (SO_REUSEPORT), another Caddy above all, and visitors would meet now the one, now the other.
    /// So the port is first asked for alone.
    private func requireFreePort() async throws {
        let colon = settings.listen.lastIndex(of: ":") ?? settings.listen.endIndex
        let host = settings.listen[..<colon].trimmingCharacters(in: CharacterSet(charactersIn: "[]"))
        var attempts = 0
        while true {
            do {
                let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                    .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                    .bind(host: host.isEmpty ? "0.0.0.0" : host, port: Int(settings.listen[colon...].dropFirst()) ?? 0).get()
                return try await channel.close()
            } catch {
                attempts += 1
                // The Caddy of an earlier serve gives its visitors 3 s, and does not answer any more.
                guard attempts <= 50 else { throw GatewayError(listening: settings.listen, failed: "\(error)") }
                try await clock.sleep(until: clock.now.addingTimeInterval(0.1))
            }
        }
    }

    /// A serve that was killed leaves its Caddy behind, which holds the port.
    private func endPredecessor(_ admin: CaddyAdmin) async throws {
        guard await admin.answers() else { return }
        logger.notice("ending the Caddy of an earlier serve")
        try? await admin.stop()
        for _ in 0..<100 where await admin.answers() { try await clock.sleep(until: clock.now.addingTimeInterval(0.1)) }
    }
}
