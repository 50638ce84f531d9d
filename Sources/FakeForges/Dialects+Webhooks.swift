import StagingModel

// The webhooks of a repository as each forge shows them; GitHub's are with its deliveries.

extension GitLabDialect {
    /// https://docs.gitlab.com/api/project_webhooks/, for maintainers.
    static let hooks: [FakeRoute] = [
        FakeRoute("GET /projects/:project/hooks", ["api"]) { call, state throws(FakeRefusal) in
            try maintained(call, state)
            return try page(
                state.webhooks.map { hook in
                    [
                        "id": .number(hook.id), "url": .string(hook.url), "push_events": false,
                        "merge_requests_events": .bool(hook.events.contains("merge_requests_events")),
                        "note_events": .bool(hook.events.contains("note_events")), "enable_ssl_verification": .bool(hook.verifiesTLS),
                        "alert_status": hook.isActive ? "executable" : "disabled", "disabled_until": .null,
                    ]
                }, call, state)
        },
        FakeRoute("GET /projects/:project/hooks/:hook/events", ["api"]) { call, state throws(FakeRefusal) in
            try maintained(call, state)
            let status = try state.webhook(call).lastAnswer.map { $0 == 0 ? "internal error" : "\($0)" }
            return try page(status.map { [["id": 1, "trigger": "merge_request", "response_status": .string($0)]] } ?? [], call, state)
        },
    ]

    private static func maintained(_ call: FakeCall, _ state: ForgeState) throws(FakeRefusal) {
        guard state.members[call.token.account] == .admin else { throw FakeRefusal(status: 403, message: "Forbidden") }
    }
}

extension GiteaDialect {
    /// https://docs.gitea.com/api/ `repoListHooks`, for administrators of the repository.
    static let hooks: [FakeRoute] = [
        FakeRoute("GET /repos/:owner/:name/hooks", ["read:repository", "write:repository"]) { call, state throws(FakeRefusal) in
            guard state.members[call.token.account] == .admin else { throw FakeRefusal(status: 403, message: "user should be an admin") }
            return try page(
                state.webhooks.map { hook in
                    [
                        "id": .number(hook.id), "type": "gitea", "active": .bool(hook.isActive),
                        "config": ["url": .string(hook.url), "content_type": hook.sendsJSON ? "json" : "form"],
                        "events": .array(hook.events.sorted().map { .string($0) }),
                    ]
                }, call, state)
        }
    ]
}

extension BitbucketDialect {
    /// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-repositories/
    static let hooks: [FakeRoute] = [
        FakeRoute("GET /repositories/:owner/:name/hooks", ["webhook"]) { call, state throws(FakeRefusal) in
            try page(
                state.webhooks.map { hook in
                    [
                        "uuid": .string("{\(hook.id)}"), "url": .string(hook.url), "active": .bool(hook.isActive),
                        "secret_set": .bool(hook.hasSecret), "skip_cert_verification": .bool(!hook.verifiesTLS),
                        "events": .array(hook.events.sorted().map { .string($0) }),
                    ]
                }, call, state)
        }
    ]
}

extension BitbucketServerDialect {
    private static let own = "/api/1.0/projects/:owner/repos/:name/webhooks"

    /// https://developer.atlassian.com/server/bitbucket/rest/
    static let hooks: [FakeRoute] = [
        FakeRoute("GET \(own)", ["REPO_ADMIN"]) { call, state throws(FakeRefusal) in
            try page(
                state.webhooks.map { hook in
                    [
                        "id": .number(hook.id), "name": "hook", "url": .string(hook.url), "active": .bool(hook.isActive),
                        "sslVerificationRequired": .bool(hook.verifiesTLS),
                        "events": .array(hook.events.sorted().map { .string($0) }),
                    ]
                }, call, state)
        },
        FakeRoute("GET \(own)/:hook/latest", ["REPO_ADMIN"]) { call, state throws(FakeRefusal) in
            guard let status = try state.webhook(call).lastAnswer else { return FakeAnswer(204) }
            let result: JSONValue =
                (200...299).contains(status)
                ? ["description": .string("\(status)"), "outcome": "SUCCESS"]
                : ["description": status == 0 ? "Connection refused" : .string("\(status)"), "outcome": status == 0 ? "ERROR" : "FAILURE"]
            return FakeAnswer(200, ["id": 1, "event": "pr:opened", "result": result])
        },
    ]
}

extension ForgeState {
    /// The webhook that is named.
    func webhook(_ call: FakeCall) throws(FakeRefusal) -> Webhook {
        let id = try call.number("hook")
        guard let found = webhooks.first(where: { $0.id == id }) else { throw .notFound }
        return found
    }
}
