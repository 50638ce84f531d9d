import Foundation
import Gateway
import HTTPTypes
import Hummingbird
import Logging
import ServiceLifecycle
import SlingshotTestSupport
import StagingModel
import Synchronization
import Testing

/// What passes through the gateway, with real traffic and the real Caddy.
@Suite(.serialized, .timeLimit(.minutes(5))) struct GatewayProtocolTests {
    @Test func `gRPC passes in both directions at once, with its trailers`() async throws {
        try await withTemporaryDirectory { directory in
            let backend = try await GatewayVisitor()
            let script = directory.appending(path: "peer.py")
            try Data(Self.peer.utf8).write(to: script)
            let python = URL(filePath: "/usr/bin/python3")
            try await ChildProcess.running(python, [script.path, "serve", "127.0.0.1:\(backend.port)"]) { server in
                _ = try await server.line(containing: "serving")
                let route = StackRoute(host: "shop-7.staging.localhost", transport: .h2c, upstreams: ["127.0.0.1:\(backend.port)"])
                try await GatewayRig.run(routes: [route], directory: directory) { rig async throws in
                    try await rig.makeReady()
                    let said = try await ChildProcess.run(
                        python, [script.path, "call", "127.0.0.1:\(rig.visitor.port)", "shop-7.staging.localhost"]
                    ).output
                    #expect(said == "now\necho 0\necho 1\necho 2\nALREADY_EXISTS told by a trailer well\n")
                }
            }
        }
    }

    /// A server that echoes a stream and ends it with a status, and a client that sends each message only after the answer to the last.
    private static let peer = """
        import sys, time, grpc
        from concurrent import futures

        raw = lambda value: value
        role, address = sys.argv[1:3]
        if role == "serve":
            class Echo(grpc.GenericRpcHandler):
                def service(self, call):
                    def echo(requests, context):
                        context.send_initial_metadata((("begins", "now"),))
                        for request in requests:
                            yield b"echo " + request
                        context.set_trailing_metadata((("ends", "well"),))
                        context.abort(grpc.StatusCode.ALREADY_EXISTS, "told by a trailer")
                    return grpc.stream_stream_rpc_method_handler(echo, raw, raw)
            server = grpc.server(futures.ThreadPoolExecutor(4), handlers=[Echo()])
            server.add_insecure_port(address)
            server.start()
            print("serving", file=sys.stderr, flush=True)
            server.wait_for_termination()
        else:
            channel = grpc.insecure_channel(address, options=[("grpc.default_authority", sys.argv[3])])
            answered = 0
            def requests():
                for number in range(3):
                    while answered < number:
                        time.sleep(0.01)
                    yield b"%d" % number
            call = channel.stream_stream("/acme.Shop/Echo", raw, raw)(requests(), timeout=60)
            print(dict(call.initial_metadata()).get("begins"))
            try:
                for answer in call:
                    answered += 1
                    print(answer.decode())
            except grpc.RpcError as error:
                print(error.code().name, error.details(), dict(error.trailing_metadata() or ()).get("ends"))

        """

    @Test func `a certificate of the operator's is the one that visitors see`() async throws {
        try await withTemporaryDirectory { directory in
            let (certificate, key) = (directory.appending(path: "wildcard.pem").path, directory.appending(path: "wildcard.key").path)
            try await ChildProcess.run(
                URL(filePath: "/usr/bin/openssl"),
                [
                    "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
                    "/CN=stacks",
                    "-addext", "subjectAltName=DNS:*.staging.test", "-keyout", key, "-out", certificate,
                ])
            try await GatewayRig.run(
                domain: "staging.test", tls: .files(certificate: certificate, key: key), directory: directory
            ) { rig async throws in
                try await rig.save { $0.phase = .deploying }
                func curl(_ host: String, _ arguments: [String] = [], accepting: Set<Int32> = [0]) async throws -> String {
                    let authority = "\(host):\(rig.visitor.port)"
                    return try await ChildProcess.run(
                        URL(filePath: "/usr/bin/curl"),
                        ["-si", "--cacert", certificate, "--resolve", "\(authority):127.0.0.1", "-w", "%{http_version}"] + arguments
                            + ["https://\(authority)/"], accepting: accepting
                    ).output
                }
                let page = try await curl("shop-7.staging.test")
                #expect(page.hasPrefix("HTTP/2 503"), "\(page)")
                #expect(page.lowercased().contains("x-robots-tag: noindex"))
                #expect(page.contains("\"code\":\"stack-not-ready\""))
                #expect(try await curl("shop-7.staging.test", ["--http1.1"]).hasPrefix("HTTP/1.1 503"))
                #expect(try await curl("shop-8.staging.test").hasPrefix("HTTP/2 404"))
                // Hosts of others have no certificate (35: the handshake fails).
                _ = try await curl("shop.example.com", accepting: [35])
            }
        }
    }

    @Test func `before Caddy has a certificate made it asks whether the host has a stack`() async throws {
        let asked = Mutex<[String]>([])
        let (ports, port) = AsyncStream.makeStream(of: Int?.self)
        let router = Router()
        router.get("/slingshot/certificate") { request, _ -> HTTPResponse.Status in
            asked.withLock { $0.append(request.uri.queryParameters["domain"].map(String.init) ?? "") }
            return .notFound
        }
        let logger = Logger(label: "test")
        let application = Application(
            router: router, configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { port.yield($0.localAddress?.port) }, logger: logger)
        let answering = ServiceGroup(services: [application], logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await answering.run() }
            try await withTemporaryDirectory { directory in
                try await GatewayRig.run(
                    domain: "staging.test", tls: .onDemand, certificatePort: { await ports.first { _ in true } ?? nil },
                    directory: directory
                ) { rig async throws in
                    for host in ["shop-8.staging.test", "www.example.com"] {
                        let authority = "\(host):\(rig.visitor.port)"
                        // 35: the handshake fails.
                        try await ChildProcess.run(
                            URL(filePath: "/usr/bin/curl"), ["-sk", "--resolve", "\(authority):127.0.0.1", "https://\(authority)/"],
                            accepting: [35])
                    }
                }
            }
            #expect(asked.withLock { $0 } == ["shop-8.staging.test"])
            await answering.triggerGracefulShutdown()
        }
    }
}
