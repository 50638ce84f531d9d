import ControlAPI
import Foundation
import Hummingbird
import Logging
import Orchestration
import StagingModel

/// `POST /api/v1/stacks/{stack}/share`: a link for people who have no token.
struct ShareRoutes {
    /// A month: whoever has a link can't be asked to give it back.
    static let longest = 30 * 86_400

    let store: any StackStore
    let clock: any WallClock
    /// Nil without a gateway, which is what checks the links.
    let link: (@Sendable (_ stack: Stack, _ until: Date) -> String)?

    func add(to api: RouterGroup<CallContext>) {
        api.post("stacks/:stack/share") { request, context in
            let name = try context.stackName
            guard let stack = try await store.read({ try $0.stack(name) }) else { throw RequestRefusal.unknownStack(name.description) }
            guard let link else {
                throw Problem.refused("share links need the gateway; set routing: {kind: gateway} in the server's configuration")
            }
            let message = try await request.json(ShareRequest.self)
            guard let seconds = DurationText.seconds(message.duration), (1...Self.longest).contains(seconds) else {
                throw Problem.badRequest("`duration` must read like 4h or 2d, and be 30d at most")
            }
            let until = clock.now.addingTimeInterval(TimeInterval(seconds)).wholeSeconds
            context.logger.notice(
                "share link made", metadata: ["stack": "\(name)", "until": "\(until.rfc3339)", "by": "\(context.requester ?? "")"])
            return try Response.json(ShareView(stack: name.description, url: link(stack, until), until: until))
        }
    }
}
