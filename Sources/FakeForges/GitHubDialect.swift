import Foundation
import HTTPTypes
import StagingModel

/// https://docs.github.com/en/rest
struct GitHubDialect: Dialect {
    let root = ["api", "v3"]
    let allScopes: Set<String> = ["repo", "admin:repo_hook"]
    let webhookEvents: Set<String> = ["pull_request", "issue_comment"]
    let hasETags = true

    func headers(_ token: ForgeState.Token) -> [String: String] {
        token.scopes.isEmpty || token.scopes.contains("installation")
            ? [:] : ["x-oauth-scopes": token.scopes.sorted().joined(separator: ", ")]
    }

    func lacking(_ scopes: [String]) -> FakeRefusal {
        let permissions = scopes.first { $0.contains("=") }
        return FakeRefusal(
            status: 403, message: "Resource not accessible by personal access token",
            headers: permissions.map { ["x-accepted-github-permissions": $0] } ?? [:])
    }

    func limited(until: Date, now: Date) -> FakeAnswer {
        FakeAnswer(
            403, ["message": "API rate limit exceeded for user ID 1."],
            headers: ["x-ratelimit-remaining": "0", "x-ratelimit-reset": "\(Int(until.timeIntervalSince1970))"])
    }

    /// GitHub's links go by the repository's number, whatever was asked.
    static func page(_ all: [JSONValue], _ call: FakeCall, _ state: ForgeState) throws(FakeRefusal) -> FakeAnswer {
        let slice = try NumberedSlice(all, call, size: "per_page", standard: 30, most: min(100, state.pageSize))
        var answer = FakeAnswer(200, .array(slice.items))
        guard slice.hasNext else { return answer }
        let base =
            (state.linkBase ?? "https://api.github.example.com")
            + (["repositories", "1300192"] + call.path.dropFirst(3)).map { "/\($0)" }.joined()
        let next = slice.link(call, base: base, page: slice.page + 1)
        answer.headers["link"] = "<\(next)>; rel=\"next\", <\(slice.link(call, base: base, page: slice.pages))>; rel=\"last\""
        return answer
    }

    // MARK: Words

    static func user(_ name: String, _ state: inout ForgeState) -> JSONValue {
        ["login": .string(name), "id": .number(state.id(of: name)), "type": "User"]
    }

    static func pull(_ pull: ForgeState.PullRequest, _ state: inout ForgeState) -> JSONValue {
        let repository: JSONValue = ["id": 1_300_192, "full_name": .string(state.repository)]
        let fork: JSONValue = ["id": 77, "full_name": .string("\(pull.author)/shop")]
        return [
            "id": .number(9_000 + pull.number), "number": .number(pull.number), "title": .string(pull.title),
            "user": user(pull.author, &state),
            "state": pull.state == .open ? "open" : "closed", "draft": .bool(pull.isDraft),
            "merged_at": pull.state == .merged ? .time(pull.updatedAt) : .null, "updated_at": .time(pull.updatedAt),
            "html_url": .string("https://github.example.com/\(state.repository)/pull/\(pull.number)"),
            "labels": .array(pull.labels.map { ["id": .number(state.id(of: "label \($0)")), "name": .string($0)] }),
            "head": [
                "ref": .string(pull.branch), "sha": .string(pull.head), "repo": pull.isHeadGone ? .null : pull.isFork ? fork : repository,
            ],
            "base": ["ref": .string(pull.base), "sha": .string(String(repeating: "b", count: 40)), "repo": repository],
        ]
    }

    static func comment(_ comment: ForgeState.Comment, _ state: inout ForgeState) -> JSONValue {
        ["id": .number(comment.id), "body": .string(comment.text), "user": user(comment.author, &state)]
    }

    static let reactions = ["+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes"]

    // MARK: Routes

    private static let write = ["repo", "pull_requests=write"]
    private static let read = ["repo", "pull_requests=read", "pull_requests=write"]

    var routes: [FakeRoute] { Self.plain + Self.deployments + Self.hooks + Self.apps }

    private static let plain: [FakeRoute] = [
        FakeRoute("GET /user") { call, state throws(FakeRefusal) in
            if call.token.scopes.contains("installation") {
                throw FakeRefusal(status: 403, message: "Resource not accessible by integration")
            }
            return FakeAnswer(200, user(call.token.account, &state))
        },
        FakeRoute("GET /repos/:owner/:name") { call, state throws(FakeRefusal) in
            FakeAnswer(
                200,
                ["id": 1_300_192, "full_name": .string(state.repository), "permissions": ["pull": true, "push": true, "admin": false]])
        },
        FakeRoute("GET /repos/:owner/:name/pulls", read) { call, state throws(FakeRefusal) in
            let open = state.open()
            return try page(open.reversed().map { pull($0, &state) }, call, state)
        },
        FakeRoute("GET /repos/:owner/:name/pulls/:number", read) { call, state throws(FakeRefusal) in
            var json = pull(try state.pullRequest(call), &state)
            json["merged"] = .bool(json["merged_at"] != .null)
            return FakeAnswer(200, json)
        },
        FakeRoute("POST /repos/:owner/:name/statuses/:sha", ["repo", "repo:status", "statuses=write"]) { call, state throws(FakeRefusal) in
            let fields = try Fields(call.body, allowing: ["state", "target_url", "description", "context"])
            let status = ForgeState.Status(
                commit: call.text("sha"), context: try fields.optional("context", longest: 255) ?? "default",
                state: try fields.required("state", oneOf: ["error", "failure", "pending", "success"]),
                url: try fields.link("target_url") ?? "", description: try fields.optional("description", longest: 140) ?? "")
            state.set(status)
            return FakeAnswer(201, ["id": .number(state.nextID()), "state": .string(status.state)])
        },
        FakeRoute("GET /repos/:owner/:name/collaborators/:account/permission") { call, state throws(FakeRefusal) in
            guard let role = state.members[call.text("account")] else { throw .notFound }
            let words: [ForgeState.Role: JSONValue] = [.none: "none", .read: "read", .write: "write", .admin: "admin"]
            return FakeAnswer(200, ["permission": words[role] ?? "none", "user": user(call.text("account"), &state)])
        },
        FakeRoute("DELETE /repos/:owner/:name/issues/:number/labels/:label", write) { call, state throws(FakeRefusal) in
            let number = try state.pullRequest(call).number
            guard state.pullRequests[number]?.labels.contains(call.text("label")) == true else {
                throw FakeRefusal(status: 404, message: "Label does not exist")
            }
            state.pullRequests[number]?.labels.removeAll { $0 == call.text("label") }
            return FakeAnswer(200, [])
        },
        FakeRoute("GET /repos/:owner/:name/issues/:number/comments", read) { call, state throws(FakeRefusal) in
            try page(try state.comments(call).map { comment($0, &state) }, call, state)
        },
        FakeRoute("POST /repos/:owner/:name/issues/:number/comments", write) { call, state throws(FakeRefusal) in
            let number = try state.pullRequest(call).number
            let text = try Fields(call.body, allowing: ["body"]).required("body")
            let made = state.comment(on: number, by: call.token.account, text)
            return FakeAnswer(201, comment(made, &state))
        },
        FakeRoute("GET /repos/:owner/:name/issues/comments/:comment", read) { call, state throws(FakeRefusal) in
            let found = state.comments[try state.comment(call)]
            return FakeAnswer(200, comment(found, &state))
        },
        FakeRoute("PATCH /repos/:owner/:name/issues/comments/:comment", write) { call, state throws(FakeRefusal) in
            let index = try state.comment(call)
            state.comments[index].text = try Fields(call.body, allowing: ["body"]).required("body")
            state.comments[index].version += 1
            let edited = state.comments[index]
            return FakeAnswer(200, comment(edited, &state))
        },
        FakeRoute("POST /repos/:owner/:name/issues/comments/:comment/reactions", write) { call, state throws(FakeRefusal) in
            let content = try Fields(call.body, allowing: ["content"]).required("content", oneOf: reactions)
            return FakeAnswer(try state.react(content, call) ? 201 : 200, ["id": 1, "content": .string(content)])
        },
    ]
}
