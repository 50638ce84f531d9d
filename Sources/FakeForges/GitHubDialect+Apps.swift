import Foundation
import StagingModel

extension GitHubDialect {
    private static let deploying = ["repo", "repo_deployment", "deployments=write"]

    /// https://docs.github.com/en/rest/deployments
    static let deployments: [FakeRoute] = [
        FakeRoute("GET /repos/:owner/:name/deployments", deploying) { call, state throws(FakeRefusal) in
            let found = state.deployments.reversed().filter { deployment in
                (call.query["sha"].map { $0 == deployment.commit } ?? true)
                    && (call.query["environment"].map { $0 == deployment.environment } ?? true)
            }
            return try page(found.map { view($0) }, call, state)
        },
        FakeRoute("POST /repos/:owner/:name/deployments", deploying) { call, state throws(FakeRefusal) in
            let fields = try Fields(
                call.body,
                allowing: [
                    "ref", "task", "auto_merge", "required_contexts", "payload", "environment", "description", "transient_environment",
                    "production_environment",
                ])
            let ref = try fields.required("ref")
            if try fields.flag("auto_merge") ?? true { throw FakeRefusal(status: 409, message: "Conflict merging main into \(ref).") }
            guard fields["required_contexts"]?.array == [] else {
                throw FakeRefusal(status: 409, message: "Conflict: Commit status checks failed for \(ref).")
            }
            _ = try fields.flag("transient_environment")
            _ = try fields.flag("production_environment")
            _ = try fields.optional("description", longest: 140)
            let made = ForgeState.Deployment(
                id: state.nextID(), environment: try fields.optional("environment", longest: 255) ?? "production", commit: ref)
            state.deployments.append(made)
            return FakeAnswer(201, view(made))
        },
        FakeRoute("GET /repos/:owner/:name/deployments/:deployment/statuses", deploying) { call, state throws(FakeRefusal) in
            let found = state.deployments[try index(call, state)]
            return try page(found.statuses.reversed().map { ["id": 1, "state": .string($0.state)] }, call, state)
        },
        FakeRoute("POST /repos/:owner/:name/deployments/:deployment/statuses", deploying) { call, state throws(FakeRefusal) in
            let index = try index(call, state)
            let fields = try Fields(
                call.body, allowing: ["state", "target_url", "log_url", "description", "environment", "environment_url", "auto_inactive"])
            let words = ["error", "failure", "inactive", "in_progress", "queued", "pending", "success"]
            let status = ForgeState.Deployment.Status(
                state: try fields.required("state", oneOf: words), url: try fields.link("environment_url"),
                description: try fields.optional("description", longest: 140))
            state.deployments[index].statuses.append(status)
            return FakeAnswer(201, ["id": .number(state.nextID()), "state": .string(status.state)])
        },
    ]

    private static func view(_ deployment: ForgeState.Deployment) -> JSONValue {
        ["id": .number(deployment.id), "sha": .string(deployment.commit), "environment": .string(deployment.environment)]
    }

    private static func index(_ call: FakeCall, _ state: ForgeState) throws(FakeRefusal) -> Int {
        let id = try call.number("deployment")
        guard let index = state.deployments.firstIndex(where: { $0.id == id }) else { throw .notFound }
        return index
    }

    // MARK: Webhooks

    private static let hooking = ["admin:repo_hook", "write:repo_hook", "repository_hooks=write"]

    private static func config(_ hook: ForgeState.Webhook) -> JSONValue {
        [
            "url": .string(hook.url), "content_type": hook.sendsJSON ? "json" : "form", "insecure_ssl": hook.verifiesTLS ? "0" : "1",
            "secret": hook.hasSecret ? "********" : .null,
        ]
    }

    /// https://docs.github.com/en/rest/repos/webhooks
    static let hooks: [FakeRoute] = [
        FakeRoute("GET /repos/:owner/:name/hooks", hooking) { call, state throws(FakeRefusal) in
            try page(
                state.webhooks.map { hook in
                    [
                        "id": .number(hook.id), "active": .bool(hook.isActive), "config": config(hook),
                        "events": .array(hook.events.sorted().map { .string($0) }),
                        "last_response": ["code": hook.lastAnswer.map { .number($0) } ?? .null],
                    ]
                }, call, state)
        },
        FakeRoute("GET /repos/:owner/:name/hooks/:hook/deliveries", hooking) { call, state throws(FakeRefusal) in
            _ = try state.webhook(call)
            return try deliveries(call, state)
        },
        FakeRoute("POST /repos/:owner/:name/hooks/:hook/deliveries/:delivery/attempts", hooking) { call, state throws(FakeRefusal) in
            _ = try state.webhook(call)
            return try redeliver(call, &state)
        },
    ]

    /// Newest first. GitHub pages them by a cursor, which is what a link's query carries.
    private static func deliveries(_ call: FakeCall, _ state: ForgeState) throws(FakeRefusal) -> FakeAnswer {
        let all = state.deliveries.sorted { ($0.at, $0.id) > ($1.at, $1.id) }
        let start = call.query["cursor"].flatMap { cursor in all.firstIndex { "v1_\($0.id)" == cursor } } ?? 0
        let size = min(Int(call.query["per_page"] ?? "") ?? 30, state.pageSize)
        let items = all.dropFirst(start).prefix(size).map { delivery -> JSONValue in
            [
                "id": .number(delivery.id), "guid": .string(delivery.guid), "delivered_at": .time(delivery.at),
                "status_code": .number(delivery.status), "status": .string(delivery.status == 200 ? "OK" : "failed"),
                "event": .string(delivery.event), "redelivery": .bool(delivery.isRedelivery), "repository_id": .number(delivery.repository),
            ]
        }
        var answer = FakeAnswer(200, .array(items))
        if start + size < all.count {
            answer.headers["link"] = "<\(call.address)?per_page=\(size)&cursor=v1_\(all[start + size].id)>; rel=\"next\""
        }
        return answer
    }

    /// The attempt shares the delivery's guid.
    private static func redeliver(_ call: FakeCall, _ state: inout ForgeState) throws(FakeRefusal) -> FakeAnswer {
        let id = try call.number("delivery")
        guard let delivery = state.deliveries.first(where: { $0.id == id }) else { throw .notFound }
        var attempt = delivery
        (attempt.id, attempt.at, attempt.isRedelivery) = (state.nextID(), call.now, true)
        attempt.status = delivery.message == nil ? 202 : 0
        if attempt.message != nil { state.unsent.append(attempt.id) }
        state.deliveries.append(attempt)
        return FakeAnswer(202, [:])
    }

    // MARK: Apps

    /// https://docs.github.com/en/rest/apps
    static let apps: [FakeRoute] = [
        FakeRoute("GET /app", ["app"]) { call, state throws(FakeRefusal) in
            FakeAnswer(
                200,
                [
                    "id": 1, "slug": .text(state.app?.slug),
                    "events": .array(state.webhooks[0].events.sorted().map { .string($0) }),
                ])
        },
        FakeRoute("GET /app/hook/config", ["app"]) { call, state throws(FakeRefusal) in FakeAnswer(200, config(state.webhooks[0])) },
        FakeRoute("GET /repos/:owner/:name/installation", ["app"]) { call, state throws(FakeRefusal) in
            guard let app = state.app else { throw .notFound }
            return FakeAnswer(200, ["id": .integer(app.installation), "permissions": JSONValue(app.permissions)])
        },
        FakeRoute("POST /app/installations/:installation/access_tokens", ["app"]) { call, state throws(FakeRefusal) in
            guard let app = state.app, try call.number("installation") == app.installation else { throw .notFound }
            let fields = try Fields(call.body, allowing: ["repositories", "repository_ids", "permissions"])
            for name in fields["repositories"]?.array ?? [] where "acme/\(name.string ?? "")" != state.repository {
                throw .invalid("There is at least one repository that does not exist or is not accessible to the parent installation.")
            }
            let secret = "ghs_\(state.nextID())"
            let expires = call.now.addingTimeInterval(app.lifetime)
            let scopes = app.permissions.map { "\($0.key)=\($0.value)" } + ["installation"]
            state.tokens[secret] = ForgeState.Token(account: "\(app.slug)[bot]", scopes: Set(scopes), expires: expires)
            return FakeAnswer(
                201, ["token": .string(secret), "expires_at": .time(expires), "permissions": JSONValue(app.permissions)])
        },
        FakeRoute("GET /app/hook/deliveries", ["app"]) { call, state throws(FakeRefusal) in try deliveries(call, state) },
        FakeRoute("POST /app/hook/deliveries/:delivery/attempts", ["app"]) { call, state throws(FakeRefusal) in
            try redeliver(call, &state)
        },
    ]
}
