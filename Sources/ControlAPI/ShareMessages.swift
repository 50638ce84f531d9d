public import Foundation
import NIOHTTP1

/// `POST /api/v1/stacks/{stack}/share`.
public struct ShareRequest: Codable, Hashable, Sendable {
    /// How long the link is good for: `4h`.
    public var duration: String

    public init(duration: String) { self.duration = duration }
}

/// A link that lets whoever has it look at the stack.
public struct ShareView: Codable, Hashable, Sendable {
    public var stack: String
    public var url: String
    public var until: Date

    public init(stack: String, url: String, until: Date) {
        self.stack = stack
        self.url = url
        self.until = until
    }
}

extension ControlClient {
    public func share(_ name: String, _ request: ShareRequest) async throws -> ShareView {
        try await send(.POST, "api/v1/stacks/\(try segment(name))/share", body: try ControlCoding.encode(request))
    }
}
