import ControlAPI
import Foundation
import Hummingbird
import NIOFoundationCompat
import Orchestration
import StagingModel

/// `POST /api/v1/stacks/{stack}/share`: a link for people who have no token.
struct ShareRoutes {
    /// A month: whoever has a link can't be asked to give it back.
    static let longest = 30 * 86_400

    let store: any StackStore
    /// Nil without a gateway, which is what checks the links.
    let link: (@Sendable (_ stack: Stack, _ until: Date) -> String)?

    func add(to api: RouterGroup<BasicRequestContext>) {
        api.post("stacks/:stack/share") { request, context in
            let text = try context.parameters.require("stack")
            let found = if let name = StackName(text) { try await store.read { try $0.stack(name) } } else { Stack?.none }
            guard let stack = found else { throw RequestRefusal.unknownStack(text) }
            guard let link else {
                throw Problem(
                    "refused", status: 409, title: "Refused",
                    detail: "share links need the gateway; set routing: {kind: gateway} in the server's configuration")
            }
            let body = try await request.body.collect(upTo: 4_096)
            guard let wanted = try? ControlCoding.decode(ShareRequest.self, from: Data(buffer: body)),
                let seconds = DurationText.seconds(wanted.duration), (1...Self.longest).contains(seconds)
            else {
                throw Problem(
                    "bad-request", status: 400, title: "Bad request", detail: "`duration` must read like 4h or 2d, and be 30d at most")
            }
            let until = Date().addingTimeInterval(TimeInterval(seconds)).wholeSeconds
            return try Response.json(ShareView(stack: stack.name.description, url: link(stack, until), until: until))
        }
    }
}
