import Foundation
import NIOCore
import NIOPosix
import NIOSSL

/// Speaks TLS on 127.0.0.1, with an authority of its own, in front of a server that speaks none.
struct TLSFront {
    let folder: TemporaryFolder
    let channel: any Channel
    var authority: String { folder.path + "/certificate.pem" }
    var port: Int { channel.localAddress?.port ?? 0 }

    /// Runs `body` while it listens.
    static func with<T>(to port: UInt16, _ body: (TLSFront) async throws -> T) async throws -> T {
        let folder = try TemporaryFolder()
        let (key, certificate) = (folder.path + "/key.pem", folder.path + "/certificate.pem")
        _ = try run(
            [
                "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                "/CN=test",
                "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate,
            ], input: Data())
        let context = try NIOSSLContext(
            configuration: .makeServerConfiguration(
                certificateChain: NIOSSLCertificate.fromPEMFile(certificate).map { .certificate($0) },
                privateKey: .privateKey(NIOSSLPrivateKey(file: key, format: .pem))))
        let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelOption(.autoRead, value: false)
            .childChannelInitializer { inbound in
                inbound.eventLoop.makeCompletedFuture {
                    try inbound.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
                }.flatMap {
                    ClientBootstrap(group: inbound.eventLoop).connect(host: "127.0.0.1", port: Int(port))
                }.flatMapThrowing { outbound in
                    try inbound.pipeline.syncOperations.addHandler(Pipe(to: outbound))
                    try outbound.pipeline.syncOperations.addHandler(Pipe(to: inbound))
                    try inbound.syncOptions?.setOption(.autoRead, value: true)
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let result: Result<T, any Error>
        do { result = .success(try await body(TLSFront(folder: folder, channel: channel))) } catch { result = .failure(error) }
        try await channel.close()
        return try result.get()
    }
}

/// Passes on what comes, and that the end has come.
private final class Pipe: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let other: any Channel

    init(to other: any Channel) { self.other = other }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { other.write(unwrapInboundIn(data), promise: nil) }
    func channelReadComplete(context: ChannelHandlerContext) { other.flush() }
    func channelInactive(context: ChannelHandlerContext) { other.close(promise: nil) }
    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
