import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import NIOFoundationCompat
import StagingModel

/// What people do on a forge, and see there: below `/-/`, which no forge's API has, and without a token.
///
/// - `PUT /-/pulls/N` with any of `title`, `author`, `branch`, `head`, `state` (`open`, `closed`, `merged`), `labels` and `fork` makes a pull
///   request, or changes it.
/// - `POST /-/pulls/N/comments` with `author` and `text` writes a comment, and answers with its `id`.
/// - `GET /-/pulls/N` is the pull request's page, as text.
extension FakeForge {
    func respondToPeople(_ request: Request) async throws -> Response {
        let path = request.uri.path.split(separator: "/").dropFirst().map { String($0) }
        guard path.count >= 2, path[0] == "pulls", let number = Int(path[1]), number > 0 else {
            return Self.text(.notFound, "no such page\n")
        }
        let body = try await request.body.collect(upTo: 1 << 20)
        let fields = try? JSONDecoder().decode([String: JSONValue].self, from: Data(buffer: body))
        let now = now()
        switch (request.method, path.count, fields) {
        case (.get, 2, _):
            guard let page = state.page(of: number) else { return Self.text(.notFound, "there is no pull request \(number)\n") }
            return Self.text(.ok, page)
        case (.put, 2, let fields?):
            change { state in
                var pull = state.pullRequests[number] ?? ForgeState.PullRequest(number, at: now)
                pull.change(fields, at: now)
                state.add(pull)
            }
            return Self.text(.ok, "pull request \(number)\n")
        case (.post, 3, let fields?) where path[2] == "comments":
            guard let author = fields["author"]?.string, let text = fields["text"]?.string else {
                return Self.text(.unprocessableContent, "a comment has an author and a text\n")
            }
            var id = 0
            change { id = $0.comment(on: number, by: author, text).id }
            return Self.text(.created, "{\"id\": \(id)}\n")
        default: return Self.text(.badRequest, "it takes PUT and GET /-/pulls/N, and POST /-/pulls/N/comments, with JSON\n")
        }
    }

    private static func text(_ status: HTTPResponse.Status, _ text: String) -> Response {
        Response(
            status: status, headers: [.contentType: "text/plain; charset=utf-8"], body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}

extension ForgeState.PullRequest {
    fileprivate mutating func change(_ fields: [String: JSONValue], at now: Date) {
        title = fields["title"]?.string ?? title
        author = fields["author"]?.string ?? author
        branch = fields["branch"]?.string ?? branch
        head = fields["head"]?.string ?? head
        labels = fields["labels"]?.array?.compactMap(\.string) ?? labels
        isFork = fields["fork"]?.bool ?? isFork
        switch fields["state"]?.string {
        case "open": state = .open
        case "closed": state = .closed
        case "merged": state = .merged
        default: break
        }
        updatedAt = now
    }
}

extension ForgeState {
    /// The pull request as a reviewer sees it; nil when there is none. The comment's mark, which forges hide, is hidden here too.
    func page(of number: Int) -> String? {
        guard let pull = pullRequests[number] else { return nil }
        var lines = ["#\(number) \(pull.title) (\(pull.state), by \(pull.author))"]
        for comment in comments(on: number) {
            let seen = comment.text.replacing(/(?s)\s*<!--.*?-->|(?m)^\[[^\]]*\]: .*$/, with: "")
            lines += ["", "\(comment.author) wrote:"] + seen.split(separator: "\n", omittingEmptySubsequences: false).map { "  \($0)" }
            if !comment.reactions.isEmpty {
                lines.append("  reactions: " + comment.reactions.map { "\($0.content) by \($0.account)" }.joined(separator: ", "))
            }
        }
        for status in statuses where status.commit == pull.head {
            lines += ["", "check \(status.context): \(status.state), \(status.description) \(status.url)"]
        }
        for deployment in deployments where deployment.commit == pull.head {
            guard let last = deployment.statuses.last else { continue }
            lines.append("environment \(deployment.environment): \(last.state) \(last.url ?? "")")
        }
        for environment in environments {
            lines.append("environment \(environment.name): \(environment.isStopped ? "stopped" : "available") \(environment.url ?? "")")
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
