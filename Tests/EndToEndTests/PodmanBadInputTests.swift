import ControlAPI
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import SlingshotTestSupport
import StagingModel
import Testing

/// What can't run ends in `failed`, with a reason that names what to do; nothing of it is left, and no other stack is hurt.
@Suite(.serialized, .timeLimit(.minutes(5))) struct PodmanBadInputTests {
    struct Bad: Sendable {
        var number: Int
        /// Fields of the container, and of the pod, in YAML's flow style.
        var container = ""
        var pod = ""
        var reason: String
    }

    /// One stack each.
    static let bad: [Bad] = [
        Bad(number: 11, container: "image: localhost/not-there:1", reason: #"the image "localhost/not-there:1" can't be pulled"#),
        Bad(
            number: 12, container: #"command: ["/bin/sh", "-c", "echo no database; exit 3"]"#,
            reason: "keeps crashing (exit code 3); the last lines of web: no database"),
        Bad(
            number: 13, container: "command: [/data/program], volumeMounts: [{name: data, mountPath: /data}]",
            pod: "volumes: [{name: data, configMap: {name: data, defaultMode: 493}}]", reason: "exec format error"),
        Bad(
            number: 14, container: "volumeMounts: [{name: host, mountPath: /host}]",
            pod: "volumes: [{name: host, hostPath: {path: /}}]", reason: "hostPath"),
        Bad(number: 15, container: "ports: [{containerPort: 8080, hostPort: 8080}]", reason: "hostPort"),
        Bad(number: 16, container: "image: docker-archive:/etc/passwd", reason: "without a transport"),
    ]

    private func push(_ bad: Bad?, to number: Int, greeting: String = "fine", _ fixture: PodmanServe) async throws -> CommitID {
        let image = bad?.container.contains("image:") == true ? "" : "image: \(PodmanTestEngine.image), "
        let own = bad.map { $0.container + ", " } ?? ""
        let pod = bad.flatMap { $0.pod.isEmpty ? nil : "\($0.pod), " } ?? ""
        let manifests = """
            {apiVersion: v1, kind: ConfigMap, metadata: {name: data}, binaryData: {program: f0VMRgIBAQAAAAAAAAAAAA==}}
            ---
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: web}
            spec:
              selector: {matchLabels: {app: web}}
              template:
                metadata: {labels: {app: web}}
                spec: {\(pod)terminationGracePeriodSeconds: 1, containers: [{name: web, \(own)\(image)env: [{name: GREETING, value: \(greeting)}], readinessProbe: {tcpSocket: {port: 8080}, periodSeconds: 1}}]}
            ---
            {apiVersion: v1, kind: Service, metadata: {name: web}, spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}}

            """
        return try await fixture.repository.commit(
            [".slingshot.yaml": "manifests: deploy\n", "deploy/all.yaml": manifests], to: PullRequest.headRef(number))
    }

    @Test func `a stack that can't run says why, and its neighbour goes on`() async throws {
        try await PodmanServe.run { fixture async throws in
            try fixture.configure()
            let good = try await push(nil, to: 7, fixture)
            try await fixture.serving { serving async throws in
                try await serving.launch(good)
                for bad in Self.bad {
                    let head = try await push(bad, to: bad.number, fixture)
                    try await serving.deliver(GitHubDelivery("opened", number: bad.number, head: head))
                }
                for bad in Self.bad {
                    let view = try await serving.stack(bad.number, until: "it failed") {
                        $0.phase == .failed && $0.message.contains(bad.reason)
                    }
                    #expect(view.message.split(separator: "\n").count == 1)
                }
                #expect(try await fixture.ask("web", "http://web/").contains("fine"))
                let next = try await push(nil, to: 7, greeting: "better", fixture)
                try await serving.deliver(GitHubDelivery("synchronize", head: next))
                try await serving.ready(next)
                #expect(try await fixture.ask("web", "http://web/").contains("better"))
                for number in Self.bad.map(\.number) + [7] {
                    try await serving.deliver(GitHubDelivery("closed", number: number, head: good))
                }
                for number in Self.bad.map(\.number) + [7] {
                    try await serving.stack(number, until: "it is destroyed") { $0.phase == .destroyed }
                }
            }
        }
    }

    enum Socket: String, CaseIterable { case missing, stale, garbage, old }

    @Test(arguments: Socket.allCases) func `a podman that can't be used is told, with the fix, and waited for`(socket: Socket) async throws
    {
        try await PodmanServe.run { fixture async throws in
            let path = fixture.directory.appending(path: "podman.sock").path
            try fixture.configure(runtime: "{kind: podman, socket: \"\(path)\"}")
            let head = try await push(nil, to: 7, fixture)
            let server = try await FalsePodman.start(socket, at: path)
            try await fixture.serving { serving async throws in
                try await serving.deliver(GitHubDelivery("opened", head: head))
                let reason =
                    switch socket {
                    case .missing: "there is no socket \(path); start podman's service"
                    case .stale: "nobody answers at \(path); start podman's service"
                    case .garbage: "podman did not answer"
                    case .old: "podman 3.0.1 is too old; install 4.3 or newer"
                    }
                let view = try await serving.stack(until: "it is said why") { $0.message.contains(reason) }
                #expect(view.phase != .ready)
                if socket == .old { try await serving.stack(until: "it failed") { $0.phase == .failed && $0.message.contains(reason) } }
                try await server?.close()
                try await serving.deliver(GitHubDelivery("closed", head: head))
            }
        }
    }

    @Test func `a port of the API that is taken is told, with the fix`() async throws {
        try await PodmanServe.run { fixture async throws in
            let listener = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup).bind(host: "127.0.0.1", port: 0).get()
            let port = try #require(listener.localAddress?.port)
            try fixture.configure()
            let file = fixture.directory.appending(path: "slingshot.yaml")
            try Data(String(contentsOf: file, encoding: .utf8).replacing("127.0.0.1:0", with: "127.0.0.1:\(port)").utf8).write(to: file)
            let outcome = try await ChildProcess.run(
                ServeFixture.binary, ["serve", "--config", file.path],
                environment: ["SLINGSHOT_TOKEN": ServeFixture.token, "SHOP_WEBHOOK_SECRET": ServeFixture.secret], accepting: [1])
            #expect(outcome.errors.contains("can't serve on 127.0.0.1:\(port): the port is taken; stop what listens there"))
            try await listener.close()
        }
    }
}

/// What is at a socket in podman's place.
private enum FalsePodman {
    static func start(_ socket: PodmanBadInputTests.Socket, at path: String) async throws -> (any Channel)? {
        let bootstrap = ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
        switch socket {
        case .missing: return nil
        case .stale:
            // the file of a server that was killed
            let dead = try await bootstrap.bind(unixDomainSocketPath: path + ".dead").get()
            try FileManager.default.linkItem(atPath: path + ".dead", toPath: path)
            try await dead.close()
            return nil
        case .garbage:
            return try await bootstrap.childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Garbage()) }
            }.bind(unixDomainSocketPath: path).get()
        case .old:
            return try await bootstrap.childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(OldPodman())
                }
            }.bind(unixDomainSocketPath: path).get()
        }
    }

    private final class Garbage: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: "\u{0}\u{1}SSH-2.0-nonsense\r\n\r\n")), promise: nil)
        }
    }

    /// Lists nothing, and has a version of long ago.
    private final class OldPodman: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart
        private var target = ""

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head): target = head.uri
            case .body: break
            case .end:
                let isOne = target.contains("/networks/") && !target.contains("/networks/json")
                let text =
                    target.contains("/version") ? #"{"Version": "3.0.1"}"# : isOne ? #"{"message": "no such network"}"# : "[]"
                var head = HTTPResponseHead(version: .http1_1, status: isOne ? .notFound : .ok)
                head.headers = ["content-type": "application/json", "content-length": "\(text.utf8.count)"]
                context.write(wrapOutboundOut(.head(head)), promise: nil)
                context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: text)))), promise: nil)
                context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
            }
        }
    }
}
