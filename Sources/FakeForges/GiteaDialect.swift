import Foundation
import StagingModel

/// Gitea's, and Forgejo's. https://docs.gitea.com/api/
struct GiteaDialect: Dialect {
    let root = ["api", "v1"]
    let allScopes: Set<String> = ["read:user", "write:issue", "write:repository"]
    let webhookEvents: Set<String> = ["pull_request", "pull_request_sync", "pull_request_label", "pull_request_comment"]

    func lacking(_ scopes: [String]) -> FakeRefusal {
        FakeRefusal(status: 403, message: "token does not have at least one of required scope(s): [\(scopes.joined(separator: " "))]")
    }

    /// Gitea's links begin with its configured address, which needs not be the one that was asked.
    static func page(_ all: [JSONValue], _ call: FakeCall, _ state: ForgeState) throws(FakeRefusal) -> FakeAnswer {
        let slice = try NumberedSlice(all, call, size: "limit", standard: 30, most: min(50, state.pageSize))
        var answer = FakeAnswer(200, .array(slice.items), headers: ["x-total-count": "\(slice.total)"])
        if slice.hasNext {
            let base = state.linkBase ?? "http://gitea.internal:3000/" + call.path.joined(separator: "/")
            answer.headers["link"] =
                "<\(slice.link(call, base: base, page: slice.page + 1))>; rel=\"next\",<\(slice.link(call, base: base, page: slice.pages))>; rel=\"last\""
        }
        return answer
    }

    private static let readRepository = ["read:repository", "write:repository"]
    private static let readIssue = ["read:issue", "write:issue"]
    private static let writeIssue = ["write:issue"]
    private static let issues = "/repos/:owner/:name/issues"

    var routes: [FakeRoute] { Self.plain + Self.hooks }

    private static let plain: [FakeRoute] = [
        FakeRoute("GET /user", ["read:user", "write:user"]) { call, state throws(FakeRefusal) in
            FakeAnswer(200, GitHubDialect.user(call.token.account, &state))
        },
        FakeRoute("GET /repos/:owner/:name", readRepository) { call, state throws(FakeRefusal) in
            let role = state.members[call.token.account] ?? .none
            return FakeAnswer(
                200,
                [
                    "id": 1_300_192, "full_name": .string(state.repository),
                    "permissions": ["pull": .bool(role >= .read), "push": .bool(role >= .write), "admin": .bool(role >= .admin)],
                ])
        },
        FakeRoute("GET /repos/:owner/:name/pulls", readRepository) { call, state throws(FakeRefusal) in
            let open = state.open()
            return try page(open.map { GitHubDialect.pull($0, &state) }, call, state)
        },
        FakeRoute("GET /repos/:owner/:name/pulls/:number", readRepository) { call, state throws(FakeRefusal) in
            var json = GitHubDialect.pull(try state.pullRequest(call), &state)
            json["merged"] = .bool(json["merged_at"] != .null)
            return FakeAnswer(200, json)
        },
        FakeRoute("POST /repos/:owner/:name/statuses/:sha", ["write:repository"]) { call, state throws(FakeRefusal) in
            let fields = try Fields(call.body, allowing: ["state", "target_url", "description", "context"])
            let status = ForgeState.Status(
                commit: call.text("sha"), context: try fields.optional("context", longest: 255) ?? "default",
                state: try fields.required("state", oneOf: ["pending", "success", "error", "failure", "warning"]),
                url: try fields.link("target_url") ?? "", description: try fields.optional("description") ?? "")
            state.set(status)
            return FakeAnswer(201, ["id": .number(state.nextID()), "status": .string(status.state)])
        },
        FakeRoute("GET /repos/:owner/:name/collaborators/:account/permission", readRepository) { call, state throws(FakeRefusal) in
            guard state.members[call.token.account] == .admin || call.token.account == call.text("account") else {
                throw FakeRefusal(
                    status: 403,
                    message:
                        "Only admins can query all permissions, repo admins can query all repo permissions, collaborators can query only their own"
                )
            }
            guard let role = state.members[call.text("account")] else { throw .notFound }
            let words: [ForgeState.Role: JSONValue] = [.none: "none", .read: "read", .write: "write", .admin: "admin"]
            return FakeAnswer(200, ["permission": words[role] ?? "none"])
        },
        FakeRoute("GET \(issues)/:number/labels", readIssue) { call, state throws(FakeRefusal) in
            let labels = try state.pullRequest(call).labels
            return FakeAnswer(200, .array(labels.map { ["id": .number(state.id(of: "label \($0)")), "name": .string($0)] }))
        },
        FakeRoute("DELETE \(issues)/:number/labels/:label", writeIssue) { call, state throws(FakeRefusal) in
            let pull = try state.pullRequest(call)
            let id = try call.number("label")
            let known = pull.labels.filter { state.id(of: "label \($0)") == id }
            state.pullRequests[pull.number]?.labels.removeAll { known.contains($0) }
            return FakeAnswer(204)
        },
        // In one answer, whatever their number.
        FakeRoute("GET \(issues)/:number/comments", readIssue) { call, state throws(FakeRefusal) in
            FakeAnswer(200, .array(try state.comments(call).map { GitHubDialect.comment($0, &state) }))
        },
        FakeRoute("POST \(issues)/:number/comments", writeIssue) { call, state throws(FakeRefusal) in
            let number = try state.pullRequest(call).number
            let text = try Fields(call.body, allowing: ["body", "updated_at"]).required("body", longest: .max)
            let made = state.comment(on: number, by: call.token.account, text)
            return FakeAnswer(201, GitHubDialect.comment(made, &state))
        },
        FakeRoute("GET \(issues)/comments/:comment", readIssue) { call, state throws(FakeRefusal) in
            let found = state.comments[try state.comment(call)]
            return FakeAnswer(200, GitHubDialect.comment(found, &state))
        },
        FakeRoute("PATCH \(issues)/comments/:comment", writeIssue) { call, state throws(FakeRefusal) in
            let index = try state.comment(call)
            state.comments[index].text = try Fields(call.body, allowing: ["body", "updated_at"]).required("body", longest: .max)
            state.comments[index].version += 1
            let edited = state.comments[index]
            return FakeAnswer(200, GitHubDialect.comment(edited, &state))
        },
        FakeRoute("POST \(issues)/comments/:comment/reactions", writeIssue) { call, state throws(FakeRefusal) in
            let content = try Fields(call.body, allowing: ["content"]).required("content", oneOf: GitHubDialect.reactions)
            return FakeAnswer(try state.react(content, call) ? 201 : 200, ["content": .string(content)])
        },
    ]
}
