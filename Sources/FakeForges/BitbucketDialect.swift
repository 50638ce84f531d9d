import Foundation
import StagingModel

/// Bitbucket Cloud's. https://developer.atlassian.com/cloud/bitbucket/rest/
struct BitbucketDialect: Dialect {
    let root = ["2.0"]
    let allScopes: Set<String> = ["account", "repository", "repository:admin", "pullrequest", "pullrequest:write", "webhook"]
    let webhookEvents: Set<String> = [
        "pullrequest:created", "pullrequest:updated", "pullrequest:fulfilled", "pullrequest:rejected", "pullrequest:comment_created",
    ]

    func headers(_ token: ForgeState.Token) -> [String: String] { ["x-oauth-scopes": token.scopes.sorted().joined(separator: ", ")] }

    func answer(_ refusal: FakeRefusal) -> FakeAnswer {
        FakeAnswer(refusal.status == 422 ? 400 : refusal.status, ["type": "error", "error": ["message": .string(refusal.message)]])
    }

    func lacking(_ scopes: [String]) -> FakeRefusal {
        FakeRefusal(status: 403, message: "Your credentials lack one or more required privilege scopes.")
    }

    static func page(_ all: [JSONValue], _ call: FakeCall, _ state: ForgeState) throws(FakeRefusal) -> FakeAnswer {
        let slice = try NumberedSlice(all, call, size: "pagelen", standard: 10, most: min(100, state.pageSize))
        var body: JSONValue = [
            "values": .array(slice.items), "page": .number(slice.page), "pagelen": .number(slice.size), "size": .number(slice.total),
        ]
        if slice.hasNext { body["next"] = .string(slice.link(call, base: state.linkBase ?? call.address, page: slice.page + 1)) }
        return FakeAnswer(200, body)
    }

    // MARK: Words

    /// What Bitbucket calls an account by. A nickname is everybody's to choose.
    static func uuid(_ account: String) -> String { "{\(account)-uuid}" }

    private static func user(_ name: String) -> JSONValue {
        [
            "type": "user", "uuid": .string(uuid(name)), "account_id": .string("557058:\(name)"), "nickname": .string(name),
            "display_name": .string(name),
        ]
    }

    private static func request(_ pull: ForgeState.PullRequest, _ state: ForgeState) -> JSONValue {
        let own: JSONValue = ["full_name": .string(state.repository), "uuid": "{1}"]
        let fork: JSONValue = ["full_name": .string("\(pull.author)/shop"), "uuid": "{2}"]
        return [
            "id": .number(pull.number), "title": .string(pull.title), "author": user(pull.author), "draft": .bool(pull.isDraft),
            "state": pull.state == .open ? "OPEN" : pull.state == .merged ? "MERGED" : "DECLINED",
            "source": [
                "branch": ["name": .string(pull.branch)], "commit": ["hash": .string(String(pull.head.prefix(12)))],
                "repository": pull.isHeadGone ? .null : pull.isFork ? fork : own,
            ],
            "destination": ["branch": ["name": .string(pull.base)], "commit": ["hash": "bbbbbbbbbbbb"], "repository": own],
            "links": ["html": ["href": .string("https://bitbucket.example.com/\(state.repository)/pull-requests/\(pull.number)")]],
            // with microseconds and an offset
            "updated_on": .string(pull.updatedAt.formatted(.iso8601).replacing("Z", with: ".123456+00:00")),
        ]
    }

    private static func view(_ comment: ForgeState.Comment) -> JSONValue {
        [
            "id": .number(comment.id), "user": user(comment.author), "deleted": false,
            "content": ["raw": .string(comment.text), "markup": "markdown"],
        ]
    }

    private static func text(_ call: FakeCall) throws(FakeRefusal) -> String {
        let fields = try Fields(call.body, allowing: ["content", "parent", "inline"])
        return try Fields(fields["content"], allowing: ["raw"]).required("raw", longest: 32_768)
    }

    // MARK: Routes

    private static let pulls = "/repositories/:owner/:name/pullrequests"
    private static let reading = ["pullrequest", "pullrequest:write"]

    var routes: [FakeRoute] { Self.plain + Self.hooks }

    private static let plain: [FakeRoute] = [
        FakeRoute("GET /user", ["account"]) { call, state throws(FakeRefusal) in FakeAnswer(200, user(call.token.account)) },
        FakeRoute("GET /repositories/:owner/:name", ["repository"]) { call, state throws(FakeRefusal) in
            FakeAnswer(200, ["full_name": .string(state.repository)])
        },
        FakeRoute("GET \(pulls)", reading) { call, state throws(FakeRefusal) in
            try page(state.open().reversed().map { request($0, state) }, call, state)
        },
        FakeRoute("GET \(pulls)/:number", reading) { call, state throws(FakeRefusal) in
            FakeAnswer(200, request(try state.pullRequest(call), state))
        },
        // Forks are repositories of their own, which the credentials may not see.
        FakeRoute("GET /repositories/:workspace/:slug/commit/:hash", ["repository"]) { call, state throws(FakeRefusal) in
            guard "\(call.text("workspace"))/\(call.text("slug"))" == state.repository else {
                throw FakeRefusal(status: 403, message: "Access denied. You must have write or admin access.")
            }
            guard let found = state.pullRequests.values.first(where: { $0.head.hasPrefix(call.text("hash")) }) else { throw .notFound }
            return FakeAnswer(200, ["type": "commit", "hash": .string(found.head)])
        },
        FakeRoute("POST /repositories/:owner/:name/commit/:sha/statuses/build", ["repository"]) { call, state throws(FakeRefusal) in
            let fields = try Fields(call.body, allowing: ["key", "state", "url", "name", "description", "refname", "uuid"])
            guard let url = try fields.link("url") else { throw .invalid("url: required key not provided") }
            let status = ForgeState.Status(
                commit: call.text("sha"), context: try fields.required("key", longest: 40),
                state: try fields.required("state", oneOf: ["INPROGRESS", "SUCCESSFUL", "FAILED", "STOPPED"]), url: url,
                description: try fields.optional("description", longest: 255) ?? "")
            _ = try fields.optional("name", longest: 255)
            state.set(status)
            return FakeAnswer(201, ["key": .string(status.context)])
        },
        FakeRoute("GET /workspaces/:owner/permissions/repositories/:name", ["repository:admin"]) { call, state throws(FakeRefusal) in
            let words: [ForgeState.Role: JSONValue] = [.read: "read", .write: "write", .admin: "admin"]
            let entries = state.members.filter { $0.value > .none }.sorted { $0.key < $1.key }
            return try page(entries.map { ["permission": words[$0.value] ?? .null, "user": user($0.key)] }, call, state)
        },
        FakeRoute("GET \(pulls)/:number/comments", reading) { call, state throws(FakeRefusal) in
            try page(try state.comments(call).map { view($0) }, call, state)
        },
        FakeRoute("POST \(pulls)/:number/comments", ["pullrequest:write"]) { call, state throws(FakeRefusal) in
            let number = try state.pullRequest(call).number
            return FakeAnswer(201, view(state.comment(on: number, by: call.token.account, try text(call))))
        },
        FakeRoute("GET \(pulls)/:number/comments/:comment", reading) { call, state throws(FakeRefusal) in
            FakeAnswer(200, view(state.comments[try state.comment(call)]))
        },
        FakeRoute("PUT \(pulls)/:number/comments/:comment", ["pullrequest:write"]) { call, state throws(FakeRefusal) in
            let index = try state.comment(call)
            guard state.comments[index].author == call.token.account else {
                throw FakeRefusal(status: 403, message: "You cannot edit this comment")
            }
            state.comments[index].text = try text(call)
            state.comments[index].version += 1
            return FakeAnswer(200, view(state.comments[index]))
        },
    ]
}
