import Foundation
import NIOHTTP1
import Orchestration
import StagingModel

/// Turns an answer that is no success into the error that names the fix. Pure.
struct Refusal {
    var forge: Forge
    var repository: String
    var call: ForgeCall
    var status: Int
    var headers: HTTPHeaders
    /// What the forge says about it, in one line, without secrets.
    var message: String

    init(forge: Forge, repository: String, call: ForgeCall, status: Int, headers: HTTPHeaders, body: Data, secrets: [String]) {
        self.forge = forge
        self.repository = repository
        self.call = call
        self.status = status
        self.headers = headers
        var text = Self.message(in: body)
        for secret in secrets where !secret.isEmpty { text = text.replacing(secret, with: "***") }
        message = text.oneLine(limit: 200)
    }

    func error(now: Date) -> ForgeError {
        let told = message.isEmpty ? "\(status)" : "\(status): \(message)"
        if let until = RateLimit.end(status: status, headers: headers, message: message, now: now) {
            return ForgeError(
                .rateLimited, "\(forge.name) takes no more requests for \(repository) for now; it is asked again later", retryAt: until)
        }
        switch status {
        case 300..<400:
            return ForgeError(
                .moved,
                "\(forge.name) says that \(repository) is elsewhere (\(status)); correct its `repository`, `url` or `api`")
        case 401:
            return ForgeError(
                .unauthorized, "\(forge.name) refuses the credentials of \(repository) (\(told)); renew what `credentials` names")
        case 403:
            return ForgeError(
                .forbidden, "\(forge.name) does not allow to \(call.purpose) in \(repository) (\(told)); give the token the right \(right)")
        case 404, 410:
            return ForgeError(
                .notFound,
                "\(forge.name) has nothing there to \(call.purpose) in \(repository) (\(told)), or hides it: check `repository`, and that the token has the right \(right)"
            )
        // 409: somebody else was faster, and the next try sees what he did
        case 408, 409, 425, 500...:
            return ForgeError(
                .unavailable, "\(forge.name) fails to \(call.purpose) in \(repository) (\(told)); it is asked again",
                retryAt: RateLimit.retryAfter(headers, now: now))
        default: return ForgeError(.refused, "\(forge.name) refuses to \(call.purpose) in \(repository) (\(told))")
        }
    }

    /// GitHub says by itself what would have sufficed; that goes before what is documented.
    private var right: String {
        if let permissions = headers.first(name: "x-accepted-github-permissions"), !permissions.isEmpty {
            return "\(call.right) (\(permissions.oneLine(limit: 100)))"
        }
        return call.right
    }

    /// `message` of GitHub, GitLab and Gitea, `error` of GitLab, `error.message` and `errors[].message` of Bitbucket.
    private static func message(in body: Data) -> String {
        guard let json = try? JSONDecoder().decode(JSONValue.self, from: body) else { return "" }
        let details = json["errors"]?.array?.compactMap { $0.string ?? $0["message"]?.string ?? $0["code"]?.string } ?? []
        let main = flat(json["message"]) ?? flat(json["error"]?["message"]) ?? flat(json["error"])
        return ([main].compactMap(\.self) + details).joined(separator: "; ")
    }

    /// GitLab's `message` may be a text, a list, or lists by field.
    private static func flat(_ value: JSONValue?) -> String? {
        switch value {
        case .string(let text)?: text
        case .array(let items)?: items.compactMap { flat($0) }.joined(separator: ", ")
        case .object(let fields)?:
            fields.sorted { $0.key < $1.key }.compactMap { key, value in flat(value).map { "\(key) \($0)" } }.joined(separator: ", ")
        default: nil
        }
    }
}
