package import AsyncHTTPClient
package import NIOCore
package import NIOHTTP1

extension KubernetesClient {
    /// Passes somebody else's request on as it is, under this client's identity, and its answer back, whatever that says: what a proxy in
    /// front of the API server needs. Nothing is sent again, and nothing of the answer is judged.
    ///
    /// - Parameter headers: without those of the connection, and without credentials.
    package func forward(_ method: HTTPMethod, _ target: String, headers: HTTPHeaders, body: ByteBuffer) async throws -> HTTPClientResponse
    {
        var message = HTTPClientRequest(url: transport.server + target)
        message.method = method
        message.headers = headers
        if body.readableBytes > 0 { message.body = .bytes(body) }
        for header in transport.impersonation { message.headers.add(name: header.name, value: header.value) }
        let credential = try await transport.credentials.current()
        if let authorization = credential.authorization { message.headers.add(name: "authorization", value: authorization) }
        message.tlsConfiguration = credential.tls
        do { return try await transport.watches.execute(message, timeout: .minutes(1)) } catch { throw translated(error) }
    }
}
