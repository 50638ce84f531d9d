import Foundation
import StagingModel

/// https://docs.gitlab.com/api/rest/
struct GitLabDialect: Dialect {
    let root = ["api", "v4"]
    let allScopes: Set<String> = ["api"]
    let webhookEvents: Set<String> = ["merge_requests_events", "note_events"]
    let hasETags = true

    func names(_ parameters: [String: String], _ repository: String) -> Bool {
        parameters["project"].map { $0.lowercased() == repository.lowercased() } ?? true
    }

    func answer(_ refusal: FakeRefusal) -> FakeAnswer {
        // GitLab knows no 422 for what fails its schema.
        FakeAnswer(
            refusal.status == 422 ? 400 : refusal.status,
            refusal.status == 403 ? ["error": .string(refusal.message)] : ["message": .string("\(refusal.status) \(refusal.message)")])
    }

    func lacking(_: [String]) -> FakeRefusal { FakeRefusal(status: 403, message: "insufficient_scope") }

    static func page(_ all: [JSONValue], _ call: FakeCall, _ state: ForgeState) throws(FakeRefusal) -> FakeAnswer {
        let slice = try NumberedSlice(all, call, size: "per_page", standard: 20, most: min(100, state.pageSize))
        var headers = ["x-page": "\(slice.page)", "x-per-page": "\(slice.size)", "x-total": "\(slice.total)", "x-next-page": ""]
        if slice.hasNext {
            headers["x-next-page"] = "\(slice.page + 1)"
            headers["link"] = "<\(slice.link(call, base: state.linkBase ?? call.address, page: slice.page + 1))>; rel=\"next\""
        }
        return FakeAnswer(200, .array(slice.items), headers: headers)
    }

    // MARK: Words

    private static func user(_ name: String, _ state: inout ForgeState) -> JSONValue {
        ["id": .number(state.id(of: name)), "username": .string(name)]
    }

    private static func request(_ pull: ForgeState.PullRequest, _ state: inout ForgeState) -> JSONValue {
        [
            "id": .number(9_000 + pull.number), "iid": .number(pull.number), "title": .string(pull.title),
            "author": user(pull.author, &state),
            "source_branch": .string(pull.branch), "target_branch": .string(pull.base), "sha": .string(pull.head),
            "labels": .array(pull.labels.map { .string($0) }), "draft": .bool(pull.isDraft),
            "web_url": .string("https://gitlab.example.com/\(state.repository)/-/merge_requests/\(pull.number)"),
            "state": pull.state == .open ? "opened" : pull.state == .merged ? "merged" : "closed",
            "source_project_id": pull.isHeadGone ? .null : pull.isFork ? 77 : 1, "target_project_id": 1,
            // fractions of a second, as GitLab has them
            "updated_at": .string(pull.updatedAt.formatted(.iso8601).replacing("Z", with: ".123Z")),
        ]
    }

    private static func note(_ comment: ForgeState.Comment, _ state: inout ForgeState) -> JSONValue {
        ["id": .number(comment.id), "body": .string(comment.text), "author": user(comment.author, &state), "system": false]
    }

    // MARK: Routes

    private static let api = ["api"]
    private static let mr = "/projects/:project/merge_requests"

    var routes: [FakeRoute] { Self.plain + Self.environments + Self.hooks }

    private static let plain: [FakeRoute] = [
        FakeRoute("GET /user", ["api", "read_user"]) { call, state throws(FakeRefusal) in FakeAnswer(200, user(call.token.account, &state))
        },
        FakeRoute("GET /personal_access_tokens/self") { call, state throws(FakeRefusal) in
            FakeAnswer(200, ["id": 1, "scopes": .array(call.token.scopes.sorted().map { .string($0) })])
        },
        FakeRoute("GET /projects/:project", ["api", "read_api"]) { call, state throws(FakeRefusal) in
            let access = JSONValue.number(level(state.members[call.token.account] ?? .none))
            return FakeAnswer(200, ["id": 1, "permissions": ["project_access": ["access_level": access], "group_access": .null]])
        },
        FakeRoute("GET \(mr)", ["api", "read_api"]) { call, state throws(FakeRefusal) in
            let open = state.open()
            return try page(open.map { request($0, &state) }, call, state)
        },
        FakeRoute("GET \(mr)/:number", ["api", "read_api"]) { call, state throws(FakeRefusal) in
            FakeAnswer(200, request(try state.pullRequest(call), &state))
        },
        FakeRoute("PUT \(mr)/:number", api) { call, state throws(FakeRefusal) in
            let number = try state.pullRequest(call).number
            let labels = try Fields(call.body, allowing: ["remove_labels", "add_labels"]).required("remove_labels").split(separator: ",")
            state.pullRequests[number]?.labels.removeAll { labels.contains(Substring($0)) }
            return FakeAnswer(200, request(try state.pullRequest(call), &state))
        },
        FakeRoute("GET \(mr)/:number/notes", ["api", "read_api"]) { call, state throws(FakeRefusal) in
            let all = try state.comments(call).map { note($0, &state) }
            return try page(call.query["sort"] == "asc" ? all : all.reversed(), call, state)
        },
        FakeRoute("POST \(mr)/:number/notes", api) { call, state throws(FakeRefusal) in
            let number = try state.pullRequest(call).number
            let text = try Fields(call.body, allowing: ["body", "internal", "created_at"]).required("body", longest: 1_000_000)
            let made = state.comment(on: number, by: call.token.account, text)
            return FakeAnswer(201, note(made, &state))
        },
        FakeRoute("GET \(mr)/:number/notes/:comment", ["api", "read_api"]) { call, state throws(FakeRefusal) in
            let found = state.comments[try state.comment(call)]
            return FakeAnswer(200, note(found, &state))
        },
        FakeRoute("PUT \(mr)/:number/notes/:comment", api) { call, state throws(FakeRefusal) in
            let index = try state.comment(call)
            state.comments[index].text = try Fields(call.body, allowing: ["body"]).required("body", longest: 1_000_000)
            state.comments[index].version += 1
            let edited = state.comments[index]
            return FakeAnswer(200, note(edited, &state))
        },
        FakeRoute("POST \(mr)/:number/notes/:comment/award_emoji", api) { call, state throws(FakeRefusal) in
            let name = try Fields(call.body, allowing: ["name"]).required("name")
            guard try state.react(name, call) else {
                throw FakeRefusal(status: 404, message: "Award Emoji Name has already been taken Not Found")
            }
            return FakeAnswer(201, ["id": 1, "name": .string(name)])
        },
        FakeRoute("GET /users", ["api", "read_user"]) { call, state throws(FakeRefusal) in
            guard let name = call.query["username"], state.members[name] != nil else { return FakeAnswer(200, []) }
            return FakeAnswer(200, [user(name, &state)])
        },
        FakeRoute("GET /projects/:project/members/all/:user", ["api", "read_api"]) { call, state throws(FakeRefusal) in
            let id = try call.number("user")
            for (name, role) in state.members where state.id(of: name) == id && role > .none {
                return FakeAnswer(200, ["id": .number(id), "username": .string(name), "access_level": .number(level(role))])
            }
            throw .notFound
        },
        FakeRoute("POST /projects/:project/statuses/:sha", api) { call, state throws(FakeRefusal) in try setStatus(call, &state) },
    ]

    private static func level(_ role: ForgeState.Role) -> Int {
        switch role {
        case .none: 0
        case .read: 20
        case .write: 30
        case .admin: 40
        }
    }

    /// A state machine: what still goes on can't be begun again.
    private static func setStatus(_ call: FakeCall, _ state: inout ForgeState) throws(FakeRefusal) -> FakeAnswer {
        let fields = try Fields(
            call.body, allowing: ["state", "ref", "name", "context", "target_url", "description", "coverage", "pipeline_id"])
        let status = ForgeState.Status(
            commit: call.text("sha"), context: try fields.optional("name", longest: 255) ?? "default",
            state: try fields.required("state", oneOf: ["pending", "running", "success", "failed", "canceled", "skipped"]),
            url: try fields.link("target_url", longest: 255) ?? "", description: try fields.optional("description", longest: 255) ?? "")
        let isBranch = state.pullRequests.values.contains { $0.head == status.commit && !$0.isFork }
        guard try fields.optional("ref", longest: 255) != nil || isBranch else {
            throw FakeRefusal(status: 404, message: "References for commit Not Found")
        }
        let last = state.statuses.first { $0.commit == status.commit && $0.context == status.context }?.state
        let events = ["pending": "enqueue", "running": "run"]
        if let event = events[status.state], last == status.state || last == "running" {
            throw .invalid(
                "Cannot transition status via :\(event) from :\(last ?? "") (Reason(s): Status cannot transition via \"\(event)\")")
        }
        state.set(status)
        return FakeAnswer(201, ["id": .number(state.nextID()), "status": .string(status.state)])
    }

    // MARK: Environments

    private static let environments: [FakeRoute] = [
        FakeRoute("GET /projects/:project/environments", ["api", "read_api"]) { call, state throws(FakeRefusal) in
            let found = state.environments.filter { environment in call.query["name"].map { $0 == environment.name } ?? true }
            return try page(found.map { view($0) }, call, state)
        },
        FakeRoute("POST /projects/:project/environments", api) { call, state throws(FakeRefusal) in
            let fields = try Fields(call.body, allowing: ["name", "description", "external_url", "tier"])
            let name = try fields.required("name", longest: 255)
            guard name.wholeMatch(of: /[A-Za-z0-9 _\/${}.-]+/) != nil else {
                throw .invalid("name can contain only letters, digits, '-', '_', '/', '$', '{', '}', '.', and spaces")
            }
            guard !state.environments.contains(where: { $0.name == name }) else { throw .invalid("name has already been taken") }
            _ = try fields.optional("tier", oneOf: ["production", "staging", "testing", "development", "other"])
            let made = ForgeState.Environment(id: state.nextID(), name: name, url: try fields.link("external_url", longest: 255))
            state.environments.append(made)
            return FakeAnswer(201, view(made))
        },
        FakeRoute("PUT /projects/:project/environments/:environment", api) { call, state throws(FakeRefusal) in
            let index = try index(call, state)
            state.environments[index].url = try Fields(call.body, allowing: ["description", "external_url", "tier"]).link(
                "external_url", longest: 255)
            return FakeAnswer(200, view(state.environments[index]))
        },
        FakeRoute("POST /projects/:project/environments/:environment/stop", api) { call, state throws(FakeRefusal) in
            let index = try index(call, state)
            _ = try Fields(call.body, allowing: ["force"]).flag("force")
            state.environments[index].isStopped = true
            return FakeAnswer(200, view(state.environments[index]))
        },
        FakeRoute("DELETE /projects/:project/environments/:environment", api) { call, state throws(FakeRefusal) in
            let index = try index(call, state)
            guard state.environments[index].isStopped else { throw FakeRefusal(status: 403, message: "Forbidden") }
            state.environments.remove(at: index)
            return FakeAnswer(204)
        },
        FakeRoute("GET /projects/:project/deployments", ["api", "read_api"]) { call, state throws(FakeRefusal) in
            let found = state.deployments.filter { deployment in call.query["environment"].map { $0 == deployment.environment } ?? true }
            return try page((call.query["sort"] == "desc" ? found.reversed() : found).map { view($0) }, call, state)
        },
        FakeRoute("POST /projects/:project/deployments", api) { call, state throws(FakeRefusal) in
            let fields = try Fields(call.body, allowing: ["environment", "sha", "ref", "tag", "status"])
            guard try fields.flag("tag") != nil else { throw .invalid("tag is missing") }
            _ = try fields.required("ref")
            let environment = try fields.required("environment", longest: 255)
            let status = try fields.required("status", oneOf: ["running", "success", "failed", "canceled"])
            let made = ForgeState.Deployment(
                id: state.nextID(), environment: environment, commit: try fields.required("sha"), statuses: [.init(state: status)])
            if let index = state.environments.firstIndex(where: { $0.name == environment }) {
                state.environments[index].isStopped = false
            } else {
                state.environments.append(ForgeState.Environment(id: state.nextID(), name: environment))
            }
            state.deployments.append(made)
            return FakeAnswer(201, view(made))
        },
        FakeRoute("PUT /projects/:project/deployments/:deployment", api) { call, state throws(FakeRefusal) in
            let id = try call.number("deployment")
            guard let index = state.deployments.firstIndex(where: { $0.id == id }) else { throw .notFound }
            let status = try Fields(call.body, allowing: ["status"]).required(
                "status", oneOf: ["running", "success", "failed", "canceled"])
            if state.deployments[index].statuses.last?.state == status {
                throw .invalid("status Cannot transition status via :run from :\(status)")
            }
            state.deployments[index].statuses.append(.init(state: status))
            return FakeAnswer(200, view(state.deployments[index]))
        },
    ]

    private static func index(_ call: FakeCall, _ state: ForgeState) throws(FakeRefusal) -> Int {
        let id = try call.number("environment")
        guard let index = state.environments.firstIndex(where: { $0.id == id }) else { throw .notFound }
        return index
    }

    private static func view(_ environment: ForgeState.Environment) -> JSONValue {
        [
            "id": .number(environment.id), "name": .string(environment.name), "external_url": .text(environment.url),
            "state": environment.isStopped ? "stopped" : "available",
        ]
    }

    private static func view(_ deployment: ForgeState.Deployment) -> JSONValue {
        ["id": .number(deployment.id), "sha": .string(deployment.commit), "status": .text(deployment.statuses.last?.state)]
    }
}
