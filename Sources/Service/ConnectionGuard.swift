import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Keeps one connection within ``ServerLimits``: a body that trickles in, an answer that nobody reads, one connection too many.
/// Confined to its event loop. (A header that trickles in is Hummingbird's to end, with the idle time-out.)
final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let connections: Connections
    private var requests = 0
    private var isBodyPending = false
    private var closesAfterAnswer = false
    private var bodyDeadline: Scheduled<Void>?
    private var answerDeadline: Scheduled<Void>?

    init(_ connections: Connections) { self.connections = connections }

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { opened(context) }
    }

    func channelActive(context: ChannelHandlerContext) {
        opened(context)
        context.fireChannelActive()
    }

    private func opened(_ context: ChannelHandlerContext) {
        if !connections.open(context.channel) { context.close(promise: nil) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        connections.closed(context.channel)
        bodyDeadline?.cancel()
        answerDeadline?.cancel()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head:
            if requests == 0 { connections.busy(context.channel) }
            requests += 1
            isBodyPending = true
            deadline(in: connections.limits.body, context)
        case .body: break
        case .end:
            isBodyPending = false
            bodyDeadline?.cancel()
            bodyDeadline = nil
            if closesAfterAnswer, requests == 0 { return context.close(promise: nil) }
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(let head):
            if head.headerFields[.connection] == "close" { closesAfterAnswer = true }
            context.write(data, promise: promise)
        case .body: context.write(data, promise: promise)
        case .end:
            requests -= 1
            if requests == 0 { connections.idle(context.channel) }
            guard closesAfterAnswer else {
                // Who was answered before the end of the body gets a moment to notice; closing at once would destroy the answer.
                if isBodyPending { deadline(in: min(.seconds(5), connections.limits.body), context) }
                return context.write(data, promise: promise)
            }
            context.writeAndFlush(data, promise: promise)
            if isBodyPending {
                deadline(in: min(.seconds(5), connections.limits.body), context)
            } else {
                context.close(promise: nil)
            }
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        answerDeadline?.cancel()
        answerDeadline = context.channel.isWritable ? nil : close(in: connections.limits.answer, context)
        context.fireChannelWritabilityChanged()
    }

    private func deadline(in time: TimeAmount, _ context: ChannelHandlerContext) {
        bodyDeadline?.cancel()
        bodyDeadline = close(in: time, context)
    }

    private func close(in time: TimeAmount, _ context: ChannelHandlerContext) -> Scheduled<Void> {
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        return context.eventLoop.scheduleTask(in: time) { bound.value.close(promise: nil) }
    }
}
