import Foundation
public import Logging
public import Orchestration
public import ServiceLifecycle
import StagingModel

/// Keeps Slingshot's part in the configuration of a Caddy that serves others too.
///
/// The part stays when `serve` ends: Caddy 2.6 closes all WebSockets whenever its configuration changes, those of others too, and
/// so it changes when it has to, and never for a stack or a restart. Meanwhile Caddy answers 503.
public struct SharedCaddyService: Service {
    let settings: GatewaySettings
    let address: CaddyAddress
    let certificatePort: @Sendable () async -> Int?
    let onRunning: @Sendable () async -> Void
    let clock: any WallClock
    let logger: Logger

    /// Seconds between two looks whether the part is still there: Caddy loses it when it is restarted, or reloaded from its own file.
    private static let pause = 2.0

    /// - Parameters:
    ///   - certificatePort: where Caddy asks which hosts may get a certificate; nil unless certificates are made on demand.
    ///   - onRunning: told once, when people can reach the gateway.
    public init(
        settings: GatewaySettings, address: CaddyAddress, clock: any WallClock, logger: Logger,
        certificatePort: @escaping @Sendable () async -> Int? = { nil }, onRunning: @escaping @Sendable () async -> Void
    ) {
        self.settings = settings
        self.address = address
        self.clock = clock
        self.logger = logger
        self.certificatePort = certificatePort
        self.onRunning = onRunning
    }

    /// Throws ``GatewayError`` when that Caddy can't be reached or refuses at the start. Later, it is tried again.
    public func run() async throws {
        try await cancelWhenGracefulShutdown {
            do { try await keep(CaddyAdmin(address)) } catch is CancellationError {}
        }
    }

    private func keep(_ admin: CaddyAdmin) async throws {
        guard settings.hasPathsThatFit else { throw GatewayError.pathTooLong(settings.pagesSocket) }
        let configuration = CaddyConfiguration(settings: settings, askPort: await certificatePort())
        try await enter(configuration, admin)
        await onRunning()
        var trouble: String?
        while true {
            try await clock.sleep(until: clock.now.addingTimeInterval(Self.pause))
            do {
                if try await explaining({ try await admin.object(CaddyConfiguration.name) }) != configuration.route {
                    try await enter(configuration, admin)
                    logger.notice("the gateway's part was not in Caddy's configuration any more, and is there again")
                }
                if trouble != nil { logger.notice("Caddy answers again") }
                trouble = nil
            } catch {
                try Task.checkCancellation()
                // Told once, however long it lasts.
                if trouble != "\(error)" { logger.error("visitors may not reach the gateway", metadata: ["error": "\(error)"]) }
                trouble = "\(error)"
            }
        }
    }

    private func enter(_ configuration: CaddyConfiguration, _ admin: CaddyAdmin) async throws {
        // Somebody else may be at it too.
        for _ in 0..<10 {
            let entered = try await explaining {
                let version = try await admin.configurationNow()
                let merged = try configuration.merged(into: version.configuration)
                guard merged != version.configuration else { return true }
                return try await admin.replace(version.tag, by: merged)
            }
            if entered { return }
        }
        throw GatewayError.refused(
            "somebody else changes the configuration of the Caddy of \(address) all the time; try again when that is over")
    }

    private func explaining<T>(_ body: () async throws -> T) async throws -> T {
        do { return try await body() } catch let error as GatewayError { throw error } catch {
            try Task.checkCancellation()
            throw GatewayError.refused(
                "the Caddy of \(address) does not answer: \(GatewayError.line("\(error)")); start it, let serve's user open its socket, or correct `routing.caddy.admin`"
            )
        }
    }
}
