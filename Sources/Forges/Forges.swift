import AsyncHTTPClient
public import CoreMetrics
public import Foundation
import NIOCore
import NIOSSL
public import Orchestration
public import StagingModel
import Synchronization

/// The forges of all configured repositories: a client for each, and the login with which git fetches.
public final class Forges: Sendable {
    private struct Connection {
        var authority: any ForgeAuthority
        var client: any ForgeClient
    }

    private struct State {
        var connections: [RepositorySettings: Connection] = [:]
        /// By address and credentials, which is what forges count requests by.
        var gates: [GateKey: RateGate] = [:]
    }

    private struct GateKey: Hashable {
        var address: ForgeAddress
        var credentials: GitCredentials
    }

    private let http: HTTPClient
    private let timeouts: ForgeTimeouts
    private let clock: any WallClock
    private let metrics: any MetricsFactory
    private let secret: SecretReader
    private let state = Mutex(State())

    /// - Parameters:
    ///   - machine: the environment, of which `SSL_CERT_FILE` is used, as it is for git.
    ///   - secret: asked for each request, so that a renewed token counts from then on.
    public init(
        timeouts: ForgeTimeouts = ForgeTimeouts(), machine: [String: String] = ProcessInfo.processInfo.environment, clock: any WallClock,
        metrics: any MetricsFactory = NOOPMetricsHandler.instance, secret: @escaping SecretReader
    ) {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        if let file = machine["SSL_CERT_FILE"] { tls.trustRoots = .file(file) }
        var configuration = HTTPClient.Configuration(
            tlsConfiguration: tls, redirectConfiguration: .disallow,
            timeout: .init(connect: .init(timeouts.connect), read: .init(timeouts.stall)))
        configuration.connectionPool.idleTimeout = .seconds(30)
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 4
        configuration.connectionPool.retryConnectionEstablishment = false
        http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        self.timeouts = timeouts
        self.clock = clock
        self.metrics = metrics
        self.secret = secret
    }

    /// Runs `body` with the forges, and closes their connections whatever comes of it. The parameters are those of ``init``.
    ///
    /// - Throws: what `body` throws.
    public static func with<T: Sendable>(
        timeouts: ForgeTimeouts = ForgeTimeouts(), machine: [String: String] = ProcessInfo.processInfo.environment, clock: any WallClock,
        metrics: any MetricsFactory = NOOPMetricsHandler.instance, secret: @escaping SecretReader, _ body: (Forges) async throws -> T
    ) async throws -> T {
        let forges = Forges(timeouts: timeouts, machine: machine, clock: clock, metrics: metrics, secret: secret)
        return try await cleaningUp({ try? await forges.shutdown() }) { try await body(forges) }
    }

    /// Closes the connections. Call it once, when nothing asks any more.
    public func shutdown() async throws { try await http.shutdown() }

    /// The client of a repository's forge; nil when the forge has no API that is known here, or the credentials are none for it.
    /// Throws ``ForgeError/Kind/misconfigured``.
    public func client(for repository: RepositorySettings) throws(ForgeError) -> (any ForgeClient)? {
        try connection(for: repository)?.client
    }

    /// The clients of those repositories that have one, by their names. Throws ``ForgeError/Kind/misconfigured``.
    public func clients(for repositories: [RepositorySettings]) throws(ForgeError) -> [RepositoryName: any ForgeClient] {
        var clients: [RepositoryName: any ForgeClient] = [:]
        for repository in repositories {
            do { clients[repository.name] = try client(for: repository) } catch {
                throw ForgeError(error.kind, "the repository \(repository.name): \(error.message)")
            }
        }
        return clients
    }

    /// What a fetch presents itself with: ``GitLoginSource``. The same credentials as for the API.
    @Sendable public func login(for repository: RepositorySettings) async throws -> GitLogin? {
        do {
            if let connection = try connection(for: repository) { return try await connection.authority.current().git }
            // A plain git server behind HTTP.
            guard let stored = StoredCredentials(repository.credentials, of: repository.forge, secret) else { return nil }
            return try stored.current().git
        } catch let error as ForgeError {
            throw StepError(error.message, isRetryable: error.isRetryable)
        }
    }

    private func connection(for repository: RepositorySettings) throws(ForgeError) -> Connection? {
        if let known = state.withLock({ $0.connections[repository] }) { return known }
        guard let made = try connect(repository) else { return nil }
        return state.withLock { state in
            // Two may have come at once; one of them is kept, so that tokens are made once.
            if let known = state.connections[repository] { return known }
            state.connections[repository] = made
            return made
        }
    }

    private func connect(_ repository: RepositorySettings) throws(ForgeError) -> Connection? {
        guard repository.reachesForge, let credentials = repository.credentials else { return nil }
        let forge = repository.forge
        guard let segments = forge.segments(of: repository.repository) else {
            throw ForgeError(
                .misconfigured,
                "\(repository.repository.oneLine(limit: 100)) is no repository's full name; correct `repository`, such as acme/shop")
        }
        let address: ForgeAddress
        if let api = repository.api {
            address = try ForgeAddress(api)
        } else {
            address = try ForgeAddress(of: forge, repositoryAt: repository.url)
        }
        let gate = state.withLock { state in
            let key = GateKey(address: address, credentials: credentials)
            let gate = state.gates[key] ?? RateGate()
            state.gates[key] = gate
            return gate
        }
        let http = ForgeHTTP(
            forge: forge, repository: repository.repository, address: address, client: http, timeouts: timeouts, clock: clock,
            metrics: ForgeMetrics(factory: metrics, forge: forge, repository: repository.name.description), gate: gate)
        if case .githubApp(let app) = credentials {
            guard forge == .github else {
                throw ForgeError(.misconfigured, "\(forge.name) has no GitHub Apps; use a token in `credentials`")
            }
            let signed = ForgeSession(http, AppToken(app: app, read: secret, clock: clock))
            let authority = InstallationToken(app, repository: segments, session: signed, clock: clock)
            let client = GitHubClient(session: ForgeSession(http, authority), repository: segments, app: signed)
            return Connection(authority: authority, client: client)
        }
        guard let authority = StoredCredentials(credentials, of: forge, secret) else { return nil }
        let session = ForgeSession(http, authority)
        let client: any ForgeClient =
            switch forge {
            case .github: GitHubClient(session: session, repository: segments, app: nil)
            case .gitlab: GitLabClient(session: session, project: repository.repository)
            case .gitea, .forgejo: GiteaClient(session: session, repository: segments)
            case .bitbucket: BitbucketClient(session: session, repository: segments)
            case .bitbucketServer: BitbucketServerClient(session: session, repository: segments)
            case .generic: throw ForgeError(.misconfigured, "\(forge.name) has no API")
            }
        return Connection(authority: authority, client: client)
    }
}

extension StoredCredentials {
    /// Nil for credentials that are no stored token or password.
    fileprivate init?(_ credentials: GitCredentials?, of forge: Forge, _ read: @escaping SecretReader) {
        switch credentials {
        case .token(let reference)?: self.init(forge: forge, username: nil, reference: reference, read: read)
        case .password(let username, let reference)?: self.init(forge: forge, username: username, reference: reference, read: read)
        case .githubApp?, .ssh?, nil: return nil
        }
    }
}
