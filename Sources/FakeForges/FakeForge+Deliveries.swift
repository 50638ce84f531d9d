import AsyncHTTPClient
public import Foundation
import NIOCore
import NIOFoundationCompat
import NIOHTTP1

extension FakeForge {
    /// Nobody is there, or somebody is: that is not tried for seconds.
    private static let sender: HTTPClient = {
        var configuration = HTTPClient.Configuration()
        configuration.connectionPool.retryConnectionEstablishment = false
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()

    /// Sends a delivery to the webhook, as GitHub does: once, and what came of it is on its list.
    public func deliver(_ guid: String, headers: [String: String], body: Data) async {
        let (at, id) = (now(), state.deliveries.count + 1)
        change { state in
            var delivery = ForgeState.Delivery(id: id, guid: guid, at: at, status: 0)
            delivery.message = ForgeState.Delivery.Message(headers: headers, body: body)
            state.deliveries.append(delivery)
        }
        await send(id)
    }

    /// GitHub calls it 502 when nobody is there.
    func send(_ id: Int) async {
        let known = state
        guard let message = known.deliveries.first(where: { $0.id == id })?.message, let webhook = known.webhooks.first else { return }
        var request = HTTPClientRequest(url: webhook.url)
        request.method = .POST
        request.body = .bytes(ByteBuffer(data: message.body))
        for (name, value) in message.headers { request.headers.add(name: name, value: value) }
        let status = (try? await Self.sender.execute(request, timeout: .seconds(10)).status.code).map { Int($0) } ?? 502
        change { state in
            for index in state.deliveries.indices where state.deliveries[index].id == id { state.deliveries[index].status = status }
            for index in state.webhooks.indices where state.webhooks[index].id == webhook.id { state.webhooks[index].lastAnswer = status }
        }
    }
}
