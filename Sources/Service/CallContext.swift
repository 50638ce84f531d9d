public import Hummingbird
import NIOCore
import StagingModel

/// What is known of one request besides the request itself.
public struct CallContext: RequestContext {
    public var coreContext: CoreRequestContextStorage
    /// The id under which the logs have the request: the client's `X-Request-Id`, or one of ours.
    var requestID = ""
    /// Who it comes from; behind a trusted proxy, who that says.
    var sender: Sender
    /// Who asks; nil where no token is asked for.
    var principal: Principal?

    public init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        sender = Sender(source.channel.remoteAddress)
    }

    /// The name that the history gets for what is asked here.
    var requester: String? { principal?.name }
}

/// The bearer of a token.
struct Principal: Hashable, Sendable {
    var name: String
    var role: Role
}
