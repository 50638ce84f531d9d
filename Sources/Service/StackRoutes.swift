import ControlAPI
import Foundation
import Hummingbird
import Orchestration
import StagingModel

/// `/api/v1/stacks` and what is below it.
struct StackRoutes {
    typealias Context = CallContext

    let store: any StackStore
    let intake: Intake
    let policy: LaunchPolicy
    let live: LiveStack

    func add(to api: RouterGroup<Context>) {
        api.get("stacks") { request, _ in
            let all = request.uri.queryParameters["all"] == "true"
            let stacks = try await store.read { try $0.stacks(includingDestroyed: all) }
            return try Response.json(StackList(stacks: stacks.map(view)))
        }
        api.post("stacks") { request, context in
            let message = try await request.json(CreateRequest.self)
            let commit = try message.sha.map { sha in
                guard let commit = CommitID(sha) else {
                    throw Problem.badRequest("`sha` must be a full commit id: 40 lower-case hexadecimal digits")
                }
                return commit
            }
            if let ref = message.ref, !ref.hasPrefix("refs/") {
                throw Problem.badRequest("`ref` must be a full ref name, such as refs/heads/main")
            }
            let stack = try await intake.create(
                repository: message.repository, number: message.number, ref: message.ref, commit: commit, by: context.requester)
            return try Response.json(view(stack), status: .accepted)
        }
        api.get("stacks/:stack") { request, context in
            let name = try name(in: context)
            guard let stack = try await store.read({ try $0.stack(name) }) else { throw RequestRefusal.unknownStack(name.description) }
            var view = view(stack)
            if request.uri.queryParameters["workloads"] != "false" {
                do { view.workloads = try await live.workloads(of: stack) } catch let error as StepError {
                    view.workloadsUnknown = error.message
                }
            }
            return try Response.json(view)
        }
        api.delete("stacks/:stack") { _, context in
            try Response.json(view(try await intake.destroy(try name(in: context), by: context.requester)), status: .accepted)
        }
        api.post("stacks/:stack/extend") { request, context in
            let name = try name(in: context)
            let change = try leaseChange(try await request.json(ExtendRequest.self))
            return try Response.json(view(try await intake.extend(name, change, by: context.requester)))
        }
        api.post("stacks/:stack/approve") { request, context in
            let name = try name(in: context)
            guard let commit = CommitID(try await request.json(ApproveRequest.self).sha) else {
                throw Problem.badRequest("`sha` must be a full commit id: 40 lower-case hexadecimal digits")
            }
            return try Response.json(view(try await intake.approve(name, commit: commit, by: context.requester)))
        }
        api.get("stacks/:stack/events") { request, context in
            let name = try name(in: context)
            let (after, limit) = try page(of: request)
            let events = try await store.read { reading in
                guard try reading.stack(name) != nil else { throw RequestRefusal.unknownStack(name.description) }
                return try reading.events(of: name, after: after, limit: limit)
            }
            return try Response.json(EventList(events: events))
        }
        api.get("events") { request, _ in
            let (after, limit) = try page(of: request)
            return try Response.json(EventList(events: try await store.read { try $0.events(of: nil, after: after, limit: limit) }))
        }
    }

    private func view(_ stack: Stack) -> StackView {
        StackView(stack, namespace: policy.addressing.namespace(of: stack.name), lifetime: policy.lifetime)
    }

    private func name(in context: Context) throws -> StackName { try context.stackName }

    /// At most `?limit=` events (1,000 unless given): the first after the id `?after=`, or the newest without it.
    private func page(of request: Request) throws -> (after: Int64?, limit: Int) {
        let query = request.uri.queryParameters
        let after = query["after"].map { Int64($0) }
        guard after != .some(nil), let limit = Int(query["limit"] ?? "1000"), (1...1_000).contains(limit) else {
            throw Problem.badRequest("`after` must be an event's id, and `limit` a number from 1 to 1000")
        }
        return (after ?? nil, limit)
    }

    private func leaseChange(_ request: ExtendRequest) throws -> LeaseChange {
        switch (request.duration, request.until) {
        case (let duration?, nil):
            guard let seconds = DurationText.seconds(duration) else {
                throw Problem.badRequest("`duration` must read like 90s, 30m, 4h, 2d or 1h30m")
            }
            return .by(seconds: seconds)
        case (nil, let until?):
            guard let instant = Date(rfc3339: until) else {
                throw Problem.badRequest("`until` must be an RFC 3339 instant, such as 2026-01-31T18:00:00Z")
            }
            return .until(instant)
        default:
            throw Problem.badRequest("give either `duration` or `until`")
        }
    }
}

extension CallContext {
    /// The stack that the path names.
    var stackName: StackName {
        get throws {
            let text = try parameters.require("stack")
            guard let name = StackName(text) else { throw RequestRefusal.unknownStack(text) }
            return name
        }
    }
}
