import ControlAPI
import Crypto
import Foundation
import Hummingbird
import Logging
import Orchestration
import StagingModel

/// `/api/v1/tokens`: admins give tokens out and take them back.
struct TokenRoutes {
    /// Tokens that there may be at the same time.
    static let most = 1_000

    let store: any StackStore
    let clock: any WallClock

    func add(to api: RouterGroup<CallContext>) {
        let admins = api.group("tokens").add(middleware: RoleMiddleware(role: .admin))
        admins.get { _, _ in
            try Response.json(TokenList(tokens: try await store.read { try $0.tokens() }.map(TokenView.init)))
        }
        admins.post { request, context in
            let message = try await request.json(CreateTokenRequest.self)
            let secret = Self.secret()
            let token = try token(message, secret: secret)
            let isNew = try await store.write { transaction in
                let tokens = try transaction.tokens()
                guard !tokens.contains(where: { $0.name == token.name }) else { return false }
                guard tokens.count < Self.most else {
                    throw Problem.refused("there are \(Self.most) tokens already; revoke some that are not used")
                }
                try transaction.save(token)
                return true
            }
            guard isNew else {
                throw Problem.refused("there is a token named \"\(token.name)\" already; revoke it first, or choose another name")
            }
            context.logger.notice(
                "token created", metadata: ["token": "\(token.name)", "role": "\(token.role.rawValue)", "by": "\(context.requester ?? "")"])
            return try Response.json(CreatedToken(token: secret, view: TokenView(token)), status: .created)
        }
        admins.delete(":name") { _, context in
            let name = try context.parameters.require("name")
            guard let token = try await store.write({ try $0.removeToken(name) }) else {
                throw Problem(
                    "no-such-token", status: 404, title: "No such token",
                    detail: "there is no token of that name; `slingshot token list` shows those that there are")
            }
            context.logger.notice("token revoked", metadata: ["token": "\(token.name)", "by": "\(context.requester ?? "")"])
            return try Response.json(TokenView(token))
        }
    }

    private func token(_ message: CreateTokenRequest, secret: String) throws -> AccessToken {
        guard AccessToken.isName(message.name), message.name != TokenMiddleware.firstAdmin else {
            throw Problem.badRequest(
                "`name` must be 1 to 40 of a-z, 0-9, -, . and _, beginning with a letter or digit, and not \(TokenMiddleware.firstAdmin)")
        }
        let now = clock.now.wholeSeconds
        let expiresAt = try message.expires.map { text in
            guard let seconds = DurationText.seconds(text), seconds > 0 else {
                throw Problem.badRequest("`expires` must be a duration from now, such as 12h or 30d")
            }
            return now.addingTimeInterval(TimeInterval(seconds))
        }
        return AccessToken(
            name: message.name, role: message.role, digest: Array(SHA256.hash(data: Data(secret.utf8))), createdAt: now,
            expiresAt: expiresAt)
    }

    /// 256 random bits behind a prefix by which scanners for leaked secrets can know it.
    private static func secret() -> String {
        "slingshot_"
            + SymmetricKey(size: .bits256).withUnsafeBytes { $0.map { String(UInt16($0) + 0x100, radix: 16).dropFirst() }.joined() }
    }
}
