import NIOCore
import NIOHTTP2

/// Closes an HTTP/2 connection whose peer has gone silent, by the rule of client-go (`ReadIdleTimeout` 30 s, `PingTimeout` 15 s).
///
/// AsyncHTTPClient puts all requests on one connection and sends no pings of its own. When the way to the peer is lost without a word,
/// every request would go on being sent into the void, until TCP gives up a quarter of an hour later. Closed, the connection fails
/// what is on it with an error that can be retried, and the next request opens another.
final class HTTP2Pings: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame
    typealias InboundOut = HTTP2Frame
    typealias OutboundOut = HTTP2Frame

    private let interval: TimeAmount
    private let patience: TimeAmount
    private var next: Scheduled<Void>?
    /// When the peer counts as gone; nil when no answer is due.
    private var limit: Scheduled<Void>?

    init(interval: TimeAmount = .seconds(30), patience: TimeAmount = .seconds(15)) {
        self.interval = interval
        self.patience = patience
    }

    func handlerAdded(context: ChannelHandlerContext) { if context.channel.isActive { schedule(context) } }

    func handlerRemoved(context: ChannelHandlerContext) { stop() }

    func channelInactive(context: ChannelHandlerContext) {
        stop()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .ping(_, ack: true) = unwrapInboundIn(data).payload {
            limit?.cancel()
            limit = nil
        }
        context.fireChannelRead(data)
    }

    private func schedule(_ context: ChannelHandlerContext) {
        let view = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
        next = context.eventLoop.scheduleTask(in: interval) { view.value.handler.ping(view.value.context) }
    }

    private func ping(_ context: ChannelHandlerContext) {
        let view = NIOLoopBound(context, eventLoop: context.eventLoop)
        if limit == nil { limit = context.eventLoop.scheduleTask(in: patience) { view.value.close(promise: nil) } }
        let frame = HTTP2Frame(streamID: .rootStream, payload: .ping(HTTP2PingData(), ack: false))
        context.writeAndFlush(wrapOutboundOut(frame), promise: nil)
        schedule(context)
    }

    private func stop() {
        next?.cancel()
        limit?.cancel()
    }
}
