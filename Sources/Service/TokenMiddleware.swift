import ControlAPI
import Crypto
import Foundation
import HTTPTypes
import Hummingbird
import Orchestration
import StagingModel

/// Lets requests with a token of the API through (RFC 6750): the configured one, who is the first admin, and those that admins gave
/// out. Who looks has to be a viewer, who changes something an operator; routes that ask for more say so with ``RoleMiddleware``.
struct TokenMiddleware: RouterMiddleware {
    typealias Context = CallContext

    /// The name of the configured token in the history.
    static let firstAdmin = "api-token"

    private let expected: SHA256Digest
    private let store: any StackStore
    private let clock: any WallClock

    init(token: String, store: any StackStore, clock: any WallClock) {
        expected = SHA256.hash(data: Data(token.utf8))
        self.store = store
        self.clock = clock
    }

    func handle(_ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response) async throws
        -> Response
    {
        let principal = try await principal(of: request)
        try principal.mustBe([.get, .head].contains(request.method) ? .viewer : .operator)
        var context = context
        context.principal = principal
        return try await next(request, context)
    }

    private func principal(of request: Request) async throws -> Principal {
        let header = request.headers[.authorization] ?? ""
        guard header.lowercased().hasPrefix("bearer ") else { throw unauthorized("the API token is missing") }
        // Digests compare in constant time, and hide the token's length. A look-up by digest tells nothing of the token either.
        let digest = SHA256.hash(data: Data(header.dropFirst("bearer ".count).utf8))
        if digest == expected { return Principal(name: Self.firstAdmin, role: .admin) }
        let bytes = Array(digest)
        guard var token = try await store.read({ try $0.token(digest: bytes) }) else { throw unauthorized("the API token is wrong") }
        let now = clock.now
        if token.isExpired(at: now) {
            throw unauthorized("the API token \"\(token.name)\" expired at \(token.expiresAt?.rfc3339 ?? ""); ask an admin for another")
        }
        if token.lastUsedAt.map({ now.timeIntervalSince($0) >= 60 }) ?? true {
            token.lastUsedAt = now.wholeSeconds
            let used = token
            // Somebody may have revoked it in between; and a disk that is full is no reason to refuse who only looks.
            try? await store.write { if try $0.token(digest: bytes) != nil { try $0.save(used) } }
        }
        return Principal(name: token.name, role: token.role)
    }

    private func unauthorized(_ why: String) -> Problem {
        Problem("unauthorized", status: 401, title: "Not allowed", detail: "\(why); give it with --token or SLINGSHOT_TOKEN")
    }
}

/// Lets bearers of at least that role through.
struct RoleMiddleware: RouterMiddleware {
    typealias Context = CallContext

    let role: Role

    func handle(_ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response) async throws
        -> Response
    {
        try context.principal?.mustBe(role)
        return try await next(request, context)
    }
}

extension Principal {
    fileprivate func mustBe(_ needed: Role) throws {
        guard role >= needed else {
            throw Problem(
                "forbidden", status: 403, title: "Not allowed",
                detail: "the token \"\(name)\" has the role \(role.rawValue), and this needs \(needed.rawValue); ask an admin for another")
        }
    }
}
