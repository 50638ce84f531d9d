import ControlAPI
import Foundation
import Hummingbird
import NIOFoundationCompat
import Orchestration
import StagingModel

/// `/api/v1/stacks` and what is below it.
struct StackRoutes {
    typealias Context = BasicRequestContext

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
        api.post("stacks") { request, _ in
            let message = try await body(CreateRequest.self, of: request)
            let commit = try message.sha.map { sha in
                guard let commit = CommitID(sha) else {
                    throw badRequest("`sha` must be a full commit id: 40 lower-case hexadecimal digits")
                }
                return commit
            }
            if let ref = message.ref, !ref.hasPrefix("refs/") { throw badRequest("`ref` must be a full ref name, such as refs/heads/main") }
            let stack = try await intake.create(repository: message.repository, number: message.number, ref: message.ref, commit: commit)
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
            try Response.json(view(try await intake.destroy(try name(in: context))), status: .accepted)
        }
        api.post("stacks/:stack/extend") { request, context in
            let name = try name(in: context)
            let change = try leaseChange(try await body(ExtendRequest.self, of: request))
            return try Response.json(view(try await intake.extend(name, change)))
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
            throw badRequest("`after` must be an event's id, and `limit` a number from 1 to 1000")
        }
        return (after ?? nil, limit)
    }

    private func leaseChange(_ request: ExtendRequest) throws -> LeaseChange {
        switch (request.duration, request.until) {
        case (let duration?, nil):
            guard let seconds = DurationText.seconds(duration) else {
                throw badRequest("`duration` must read like 90s, 30m, 4h, 2d or 1h30m")
            }
            return .by(seconds: seconds)
        case (nil, let until?):
            guard let instant = Date(rfc3339: until) else {
                throw badRequest("`until` must be an RFC 3339 instant, such as 2026-01-31T18:00:00Z")
            }
            return .until(instant)
        default:
            throw badRequest("give either `duration` or `until`")
        }
    }

    private func body<T: Decodable>(_ type: T.Type, of request: Request) async throws -> T {
        let buffer = try await request.body.collect(upTo: 64 * 1024)
        do {
            return try ControlCoding.decode(type, from: Data(buffer: buffer))
        } catch let error as DecodingError {
            throw badRequest("the body is not what this route takes: \(error.fieldAndReason)")
        }
    }

}

func badRequest(_ detail: String) -> Problem { Problem("bad-request", status: 400, title: "Bad request", detail: detail) }

extension RequestContext {
    /// The stack that the path names.
    var stackName: StackName {
        get throws {
            let text = try parameters.require("stack")
            guard let name = StackName(text) else { throw RequestRefusal.unknownStack(text) }
            return name
        }
    }
}

extension DecodingError {
    /// The field and what is wrong with it, in a line.
    fileprivate var fieldAndReason: String {
        let (context, missing): (Context, String?) =
            switch self {
            case .keyNotFound(let key, let context): (context, key.stringValue)
            case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context): (context, nil)
            @unknown default: (Context(codingPath: [], debugDescription: "it can't be read"), nil)
            }
        let path = (context.codingPath.map(\.stringValue) + (missing.map { [$0] } ?? [])).joined(separator: ".")
        return path.isEmpty ? "it is not JSON of the right shape" : "`\(path)` is \(missing == nil ? "of the wrong type" : "missing")"
    }
}
