public import CoreMetrics
public import Crypto
import Foundation
import HTTPTypes
public import Hummingbird
public import Logging
import NIOCore
public import Orchestration
import ServiceLifecycle
public import StagingModel

/// The server that Caddy asks about every request that has no file in ``RouteFolder``: it answers with a page, or says where the request goes.
///
/// It listens on a socket that only its own user may open, and a Caddy that it was told of; stacks can't reach it.
public struct GatewayPages: Sendable {
    /// What a stack wrote last, in the order of time: of its build, or its containers; nil when that is not known at the moment.
    public typealias Lines = @Sendable (StackName) async -> [LogLine]?
    /// Of so many lines a page has room.
    public static let mostLines = LogExcerpt.mostLines

    let settings: GatewaySettings
    let store: any StackStore
    let keeper: RouteKeeper
    let clock: any WallClock
    let tail: LogTail
    private let access: Access
    let answers: Answers

    /// - Parameters:
    ///   - shareKey: signs share links.
    ///   - lines: asked while somebody looks at a stack's page; may take its time.
    ///   - metrics: counts what visitors get.
    public init(
        settings: GatewaySettings, store: any StackStore, keeper: RouteKeeper, shareKey: SymmetricKey, clock: any WallClock,
        lines: @escaping Lines, metrics: any MetricsFactory
    ) throws {
        self.settings = settings
        self.store = store
        self.keeper = keeper
        self.clock = clock
        tail = LogTail(source: lines, clock: clock)
        access = Access(policies: settings.access, isSecure: settings.isSecure, key: shareKey)
        answers = Answers(template: try PageTemplate(), metrics: metrics)
    }

    public func application(logger: Logger) -> some ApplicationProtocol {
        Application(
            router: router(),
            configuration: ApplicationConfiguration(address: .unixDomainSocket(path: settings.pagesSocket), serverName: nil),
            onServerRunning: { [settings] _ in
                do { try settings.openPagesSocket() } catch { logger.error("visitors get no pages", metadata: ["error": "\(error)"]) }
            }, logger: logger)
    }

    func router() -> Router<BasicRequestContext> {
        let router = Router(context: BasicRequestContext.self)
        router.get("resolve") { request, _ in try await resolve(request) }
        router.get("unreachable") { request, _ in
            guard let visit = visit(request) else { return answers.page(.unknownHost, asHTML: request.isFromBrowser) }
            await keeper.doubt(visit.host.stack)
            let stack = try await store.read { try $0.stack(visit.host.stack) }
            return answers.page(stack.map { .unreachable($0, at: clock.now) } ?? .unknownHost, asHTML: visit.isBrowser)
        }
        return router
    }

    /// Says by 200 or 404 whether a host may get a certificate: on a port of this machine, for Caddy only, which asks nothing else.
    public func certificateRouter() -> Router<BasicRequestContext> {
        let router = Router(context: BasicRequestContext.self)
        router.get(RouterPath(CaddyConfiguration.askPath)) { request, _ -> HTTPResponse.Status in
            let domain = request.uri.queryParameters["domain"].map(String.init) ?? ""
            guard let host = StackHost(authority: domain, domain: settings.domain) else { return .notFound }
            return try await store.read { try $0.stack(host.stack) } == nil ? .notFound : .ok
        }
        return router
    }

    private func resolve(_ request: Request) async throws -> Response {
        if let asset = answers.asset(request.visitorsTarget.path) { return asset }
        guard let visit = visit(request) else {
            return answers.page(.unknownHost, asHTML: request.isFromBrowser)
        }
        let name = visit.host.stack
        let entry = keeper.table[name]
        let record = if let entry { Record(stack: entry.stack) } else { try await recorded(name) }
        guard let record else { return answers.page(.unknownHost, asHTML: visit.isBrowser) }
        let stack = record.stack
        let anonymous: Bool
        switch access.admittance(of: visit, to: stack, at: clock.now) {
        case .granted(let isForUs): anonymous = isForUs
        case .shared(let cookie): return answers.welcome(cookie: cookie)
        case .refused(let offersPassword): return answers.page(.notAllowed(offersPassword: offersPassword), asHTML: visit.isBrowser)
        }
        if visit.path == ShareLink.path { return answers.welcome(cookie: nil) }
        if visit.path == PageTemplate.eventsPath { return events(of: name, for: request) }
        guard let entry else { return answers.page(await view(of: record), asHTML: visit.isBrowser) }
        guard let route = entry.routes.route(host: visit.host.name, path: visit.path), let upstream = route.upstreams.randomElement() else {
            return answers.page(.noRoute(stack, at: clock.now), asHTML: visit.isBrowser)
        }
        return answers.proxy(upstream, route.transport, anonymous: anonymous)
    }

    /// What the store has of a stack, as far as its page needs it.
    struct Record {
        var stack: Stack
        var events: [StackEvent] = []
    }

    func recorded(_ name: StackName) async throws -> Record? {
        try await store.read { transaction in
            guard let stack = try transaction.stack(name) else { return nil }
            return Record(stack: stack, events: try transaction.events(of: name, after: nil, limit: 2 * PageView.mostSteps))
        }
    }

    func view(of record: Record) async -> PageView {
        PageView(record.stack, events: record.events, log: await tail.lines(of: record.stack.name), at: clock.now)
    }

    private func visit(_ request: Request) -> Visit? {
        StackHost(authority: request.headers[.slingshotHost] ?? "", domain: settings.domain).map { Visit(request, host: $0) }
    }
}

extension Request {
    /// The visitor's address, which Caddy writes over whatever the visitor claims; of IPv6 the /64 network, in which everybody has 2⁶⁴.
    var visitor: String {
        let text = headers[.slingshotVisitor] ?? ""
        guard text.contains(":"), case .v6(let address)? = try? SocketAddress(ipAddress: text, port: 0) else { return text }
        return withUnsafeBytes(of: address.address.sin6_addr) { bytes in bytes.prefix(8).map { String($0) }.joined(separator: ".") } + "/64"
    }
}
