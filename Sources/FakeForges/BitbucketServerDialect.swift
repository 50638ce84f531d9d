import Foundation
import StagingModel

/// Bitbucket Data Center's. https://developer.atlassian.com/server/bitbucket/rest/
struct BitbucketServerDialect: Dialect {
    let root = ["rest"]
    let allScopes: Set<String> = ["REPO_READ", "REPO_ADMIN"]
    let webhookEvents: Set<String> = [
        "pr:opened", "pr:from_ref_updated", "pr:modified", "pr:merged", "pr:declined", "pr:deleted", "pr:comment:added",
    ]

    func headers(_ token: ForgeState.Token) -> [String: String] { ["x-ausername": token.account] }

    func answer(_ refusal: FakeRefusal) -> FakeAnswer {
        FakeAnswer(
            refusal.status == 422 ? 400 : refusal.status,
            ["errors": [["context": .null, "message": .string(refusal.message), "exceptionName": .null]]])
    }

    func lacking(_: [String]) -> FakeRefusal {
        FakeRefusal(status: 403, message: "You are not permitted to access this resource")
    }

    /// By the number of the first item.
    static func page(_ all: [JSONValue], _ call: FakeCall, _ state: ForgeState) throws(FakeRefusal) -> FakeAnswer {
        guard let start = Int(call.query["start"] ?? "0"), start >= 0 else { throw .invalid("start is invalid") }
        let size = min(Int(call.query["limit"] ?? "") ?? 25, state.pageSize)
        let isLast = start + size >= all.count
        return FakeAnswer(
            200,
            [
                "values": .array(Array(all.dropFirst(start).prefix(size))), "size": .number(min(size, max(all.count - start, 0))),
                "start": .number(start), "limit": .number(size), "isLastPage": .bool(isLast),
                "nextPageStart": isLast ? .null : .number(start + size),
            ])
    }

    // MARK: Words

    private static func user(_ name: String, _ state: inout ForgeState) -> JSONValue {
        ["name": .string(name), "slug": .string(name), "id": .number(state.id(of: name)), "displayName": .string(name)]
    }

    private static func request(_ pull: ForgeState.PullRequest, _ state: inout ForgeState) -> JSONValue {
        [
            "id": .number(pull.number), "version": 1, "title": .string(pull.title), "author": ["user": user(pull.author, &state)],
            "draft": .bool(pull.isDraft), "state": pull.state == .open ? "OPEN" : pull.state == .merged ? "MERGED" : "DECLINED",
            "fromRef": [
                "id": .string("refs/heads/\(pull.branch)"), "displayId": .string(pull.branch), "latestCommit": .string(pull.head),
                "repository": pull.isHeadGone ? .null : ["id": pull.isFork ? 77 : 1],
            ],
            "toRef": [
                "displayId": .string(pull.base), "latestCommit": .string(String(repeating: "b", count: 40)), "repository": ["id": 1],
            ],
            "links": ["self": [["href": .string("https://bitbucket.example.com/pull-requests/\(pull.number)")]]],
            "updatedDate": .integer(Int64(pull.updatedAt.timeIntervalSince1970 * 1_000)),
        ]
    }

    private static func view(_ comment: ForgeState.Comment, _ state: inout ForgeState) -> JSONValue {
        [
            "id": .number(comment.id), "version": .number(comment.version), "text": .string(comment.text),
            "author": user(comment.author, &state),
        ]
    }

    // MARK: Routes

    private static let repository = "/projects/:owner/repos/:name"
    private static let pulls = "/api/1.0\(repository)/pull-requests"
    private static let read = ["REPO_READ"]

    var routes: [FakeRoute] { Self.plain + Self.hooks }

    private static let plain: [FakeRoute] = [
        FakeRoute("GET /api/1.0\(repository)", read) { call, state throws(FakeRefusal) in FakeAnswer(200, ["id": 1, "slug": "shop"]) },
        FakeRoute("GET \(pulls)", read) { call, state throws(FakeRefusal) in
            let open = state.open()
            return try page(open.map { request($0, &state) }, call, state)
        },
        FakeRoute("GET \(pulls)/:number", read) { call, state throws(FakeRefusal) in
            FakeAnswer(200, request(try state.pullRequest(call), &state))
        },
        FakeRoute("POST /api/1.0\(repository)/commits/:sha/builds", read) { call, state throws(FakeRefusal) in
            let fields = try Fields(
                call.body,
                allowing: [
                    "key", "state", "url", "name", "description", "ref", "parent", "buildNumber", "duration", "dateAdded", "testResults",
                ])
            guard let url = try fields.link("url", longest: 450) else { throw .invalid("url is required") }
            let status = ForgeState.Status(
                commit: call.text("sha"), context: try fields.required("key", longest: 255),
                state: try fields.required("state", oneOf: ["SUCCESSFUL", "FAILED", "INPROGRESS", "CANCELLED", "UNKNOWN"]), url: url,
                description: try fields.optional("description", longest: 255) ?? "")
            _ = try fields.optional("name", longest: 255)
            state.set(status)
            return FakeAnswer(204)
        },
        FakeRoute("GET /api/1.0/users", read) { call, state throws(FakeRefusal) in
            guard call.query["permission.1"] == "REPO_WRITE", call.query["permission.1.repositoryId"] == "1" else {
                throw .invalid("permission.1 is required")
            }
            // A filter by a part of the name, as the real one's.
            let names = state.members.filter { $0.value >= .write && $0.key.contains(call.query["filter"] ?? "") }.keys.sorted()
            return try page(names.map { user($0, &state) }, call, state)
        },
        // Newest first, among everything else that happened.
        FakeRoute("GET \(pulls)/:number/activities", read) { call, state throws(FakeRefusal) in
            let opened: JSONValue = ["id": 1, "action": "OPENED"]
            let comments = try state.comments(call).reversed().map { comment -> JSONValue in
                ["id": .number(comment.id), "action": "COMMENTED", "commentAction": "ADDED", "comment": view(comment, &state)]
            }
            return try page(comments + [opened], call, state)
        },
        FakeRoute("POST \(pulls)/:number/comments", read) { call, state throws(FakeRefusal) in
            let number = try state.pullRequest(call).number
            let text = try Fields(call.body, allowing: ["text", "parent", "anchor", "severity"]).required("text", longest: 32_768)
            let made = state.comment(on: number, by: call.token.account, text)
            return FakeAnswer(201, view(made, &state))
        },
        FakeRoute("GET \(pulls)/:number/comments/:comment", read) { call, state throws(FakeRefusal) in
            let found = state.comments[try state.comment(call)]
            return FakeAnswer(200, view(found, &state))
        },
        FakeRoute("PUT \(pulls)/:number/comments/:comment", read) { call, state throws(FakeRefusal) in
            let index = try state.comment(call)
            let fields = try Fields(call.body, allowing: ["text", "version", "severity", "state"])
            guard fields["version"]?.integer == Int64(state.comments[index].version) else {
                throw FakeRefusal(status: 409, message: "You are attempting to modify a comment based on out-of-date information.")
            }
            guard state.comments[index].author == call.token.account else {
                throw FakeRefusal(status: 401, message: "You are not permitted to edit this comment")
            }
            state.comments[index].text = try fields.required("text", longest: 32_768)
            state.comments[index].version += 1
            let edited = state.comments[index]
            return FakeAnswer(200, view(edited, &state))
        },
        FakeRoute("PUT /comment-likes/1.0\(repository)/pull-requests/:number/comments/:comment/reactions/:emoticon", read) {
            call, state throws(FakeRefusal) in
            guard ["thumbsup", "thumbsdown", "eyes", "heart", "tada"].contains(call.text("emoticon")) else {
                throw .invalid("no such emoticon")
            }
            _ = try state.react(call.text("emoticon"), call)
            return FakeAnswer(200, [:])
        },
    ]
}
