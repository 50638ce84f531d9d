import ControlAPI
import Foundation
import Logging
import NIOCore
import NIOPosix
import Orchestration
import PodmanRuntime
import SlingshotTestSupport
import StagingModel
import Testing

/// The real program and the real podman of a user without rights.
@Suite(.serialized, .timeLimit(.minutes(10))) struct RootlessPodmanTests {
    /// A web application that is probed by HTTP on another port than its Service's, and one that is probed by TCP, with a volume.
    private func stack(_ greeting: String) -> [String: String] {
        let web = """
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: web}
            spec:
              selector: {matchLabels: {app: web}}
              template:
                metadata: {labels: {app: web}}
                spec:
                  terminationGracePeriodSeconds: 1
                  volumes: [{name: scratch, emptyDir: {medium: Memory, sizeLimit: 8Mi}}]
                  containers:
                    - name: web
                      image: \(PodmanTestEngine.image)
                      command: ["/bin/sh", "-c", "echo hello from web; exec /bin/serve"]
                      env: [{name: GREETING, value: "\(greeting)"}]
                      resources: {limits: {cpu: 500m, memory: 64Mi}}
                      volumeMounts: [{name: scratch, mountPath: /scratch}]
                      readinessProbe: {httpGet: {path: /, port: 8080}, periodSeconds: 1, timeoutSeconds: 5}
            ---
            apiVersion: v1
            kind: Service
            metadata: {name: web}
            spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
            """
        let db = """
            apiVersion: apps/v1
            kind: StatefulSet
            metadata: {name: db}
            spec:
              serviceName: db
              selector: {matchLabels: {app: db}}
              template:
                metadata: {labels: {app: db}}
                spec:
                  terminationGracePeriodSeconds: 1
                  containers:
                    - name: db
                      image: \(PodmanTestEngine.image)
                      volumeMounts: [{name: data, mountPath: /data}]
                      startupProbe: {tcpSocket: {port: 8080}, periodSeconds: 1}
                      readinessProbe: {exec: {command: ["/bin/sh", "-c", "echo kept >/data/file"]}, periodSeconds: 1}
              volumeClaimTemplates:
                - metadata: {name: data}
                  spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 8Mi}}}
            ---
            apiVersion: v1
            kind: Service
            metadata: {name: db}
            spec: {clusterIP: None, selector: {app: db}, ports: [{port: 8080}]}
            """
        return [".slingshot.yaml": "manifests: deploy/\n", "deploy/web.yaml": web, "deploy/db.yaml": db]
    }

    private func wget(_ url: String) -> String { "/bin/busybox wget -qO- \(url) 2>&1; true" }

    @Test func `a stack of a user without rights lives and goes`() async throws {
        try await RootlessBox.run { box async throws in
            try await box.configure(runtime: "{kind: podman, socket: \(box.socket.path)}")
            let first = try await box.commit(stack("one"))
            try await box.withPodman {
                try await box.serving { serving async throws in
                    try await serving.launch(first)
                    #expect(try await box.shell("web", wget("http://web/")).contains("one"))
                    #expect(try await box.shell("web", wget("http://db:8080/")).contains("<html"))
                    #expect(try box.sockets().count == 1)  // of the HTTP probe; a TCP probe needs none
                    #expect(try await box.shell("web", "/bin/busybox df -k /scratch").contains(/tmpfs\s+8192\s/))
                    let logs = try await serving.cli(["logs", "shop-7", "web"]).output
                    #expect(logs.wholeMatch(of: /web-0-[0-9a-f]+\/web hello from web\n/) != nil, "\(logs)")
                    // what leads to the pods dies; the next probe needs it
                    let forwarder = try #require(try await box.forwarders().first)
                    try await box.run(["kill", "-9", forwarder])
                    let second = try await box.commit(stack("two"))
                    #expect(try await serving.deliver(GitHubDelivery("synchronize", head: second)) == 202)
                    try await serving.wait(for: .ready)
                    #expect(try await box.shell("web", wget("http://web/")).contains("two"))
                    #expect(try await box.shell("db", "read line </data/file; echo $line") == "kept\n")
                    #expect(try await box.forwarders().count == 1)
                    try await serving.deliver(GitHubDelivery("closed", head: second))
                    try await serving.wait(for: .destroyed)
                    #expect(try await serving.client.events(of: "shop-7").last?.message == "destroyed (closed): nothing of it is left")
                }
            }
        }
    }

    @Test func `its containers reach nothing but their own stack`() async throws {
        try await RootlessBox.run { box async throws in
            try await box.configure(runtime: "{kind: podman, socket: \(box.socket.path)}")
            let head = try await box.commit(stack("one"))
            let other = "\(box.prefix)other"
            _ = try await box.podman(["network", "create", "--opt", "isolate=true", "--internal", other])
            _ = try await box.podman(["run", "-d", "--name", other, "--network", other, PodmanTestEngine.image])
            let neighbour = try await box.podman(["inspect", other, "--format", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"])
                .trimmingCharacters(in: .whitespacesAndNewlines)
            let listener = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup).bind(host: "0.0.0.0", port: 0).get()
            let port = try #require(listener.localAddress?.port)
            try await box.withPodman {
                try await box.serving { serving async throws in
                    try await serving.launch(head)
                    let gateway = try await box.podman([
                        "network", "inspect", "\(box.prefix)shop-7", "--format", "{{(index .Subnets 0).Gateway}}",
                    ]).trimmingCharacters(in: .whitespacesAndNewlines)
                    // slirp4netns has the machine at 10.0.2.2, a name server at 10.0.2.3, and podman's end at 10.0.2.100
                    let own = try Self.addresses().map { "\($0):\(port)" }
                    for address in [
                        "\(gateway):\(port)", "127.0.0.1:\(port)", "10.0.2.2:\(port)", "10.0.2.3:53", "10.0.2.100:53", "\(neighbour):8080",
                        "192.0.2.1:80",
                    ] + own {
                        let answer = try await box.shell("web", wget("http://\(address)/"))
                        #expect(answer.contains("can't connect to remote host"), "\(address): \(answer)")
                    }
                    // something that listens on all addresses of podman's own namespace, and can be reached from there
                    let namespace = ["podman", "unshare", "--rootless-netns", "/bin/busybox", "sh", "-c"]
                    async let listening = box.run(
                        namespace + ["/bin/busybox timeout 10 /bin/busybox nc -ll -p 7777 -e /bin/busybox echo reached; true"])
                    var seen = ""
                    for _ in 0..<50 where seen != "reached\n" {
                        seen = try await box.run(namespace + ["/bin/busybox nc \(gateway) 7777 </dev/null; true"]).output
                    }
                    #expect(seen == "reached\n")
                    let refused = try await box.shell("web", wget("http://\(gateway):7777/"))
                    #expect(refused.contains("can't connect to remote host"), "\(refused)")
                    _ = try await listening
                    try await serving.deliver(GitHubDelivery("closed", head: head))
                    try await serving.wait(for: .destroyed)
                }
            }
            try await listener.close()
            _ = try await box.podman(["rm", "-f", "-t", "0", other])
            _ = try await box.podman(["network", "rm", other])
        }
    }

    @Test func `visitors come through the gateway, also after what leads to the pods was killed`() async throws {
        try await RootlessBox.run { box async throws in
            let visitor = try await GatewayVisitor()
            let routing = "{kind: gateway, listen: \"127.0.0.1:\(visitor.port)\"}"
            try await box.configure(runtime: "{kind: podman, socket: \(box.socket.path)}", routing: routing)
            let values: JSONValue = ["image": .string(PodmanTestEngine.image), "port": 8080, "env": ["GREETING": "hello"]]
            let file: JSONValue = ["template": "web", "values": values]
            let head = try await box.commit([".slingshot.yaml": file.canonicalText])
            @Sendable func answers() async throws {
                try await visitor.until("the page is there") { $0.status == 200 && $0.body.contains("<h1>hello</h1>") }
            }
            try await box.withPodman {
                try await box.serving { serving async throws in
                    try await serving.launch(head)
                    try await answers()
                    let before = try await box.forwarders()
                    try await box.run(["kill", "-9", try #require(before.first)])
                    try await answers()
                    #expect(try await box.forwarders().count == 1)
                    #expect(try await box.forwarders() != before)
                    let container = try await box.podman(["ps", "--format", "{{.Names}}"]).split(separator: "\n")
                        .first { $0.hasPrefix("\(box.prefix)shop-7-web-") }
                    _ = try await box.podman(["kill", String(try #require(container))])
                    try await visitor.until("it does not answer") { $0.status == 503 && $0.body.contains("\"code\":\"stack-unreachable\"") }
                    try await answers()
                    await serving.process.kill()
                }
                try await box.serving { serving async throws in
                    try await answers()
                    // of the visitors, and of the probe
                    func ports() throws -> Set<String> {
                        Set(try box.sockets().compactMap { $0.split(separator: ":").last.map { String($0) } })
                    }
                    for _ in 0..<100 where try ports().count < 2 { try await Task.sleep(for: .milliseconds(100)) }
                    #expect(try ports() == ["80", "8080"])
                    try await serving.deliver(GitHubDelivery("closed", head: head))
                    try await serving.wait(for: .destroyed)
                    for _ in 0..<50 where try !box.sockets().isEmpty { try await Task.sleep(for: .milliseconds(100)) }
                    #expect(try box.sockets() == [])
                }
            }
        }
    }

    @Test func `after a restart of the machine its pods run again, though podman starts late`() async throws {
        try await RootlessBox.run { box async throws in
            try await box.configure(runtime: "{kind: podman, socket: \(box.socket.path)}")
            let head = try await box.commit(stack("one"))
            try await box.withPodman { try await box.serving { try await $0.launch(head) } }
            try await box.restartMachine()
            try await box.serving { serving async throws in
                _ = try await serving.process.line(containing: "pods could not be started again")
                try await box.withPodman {
                    // podman is asked anew after half a minute at the latest; this must not need that
                    for _ in 0..<80 {
                        if try await serving.cli(["status", "shop-7"]).output.contains("Deployment/web  1/1    ready") { break }
                        try await Task.sleep(for: .milliseconds(100))
                    }
                    #expect(try await serving.cli(["status", "shop-7"]).output.contains("Deployment/web  1/1    ready"))
                    #expect(try await box.shell("web", wget("http://web/")).contains("one"))
                    try await serving.deliver(GitHubDelivery("closed", head: head))
                    try await serving.wait(for: .destroyed)
                }
            }
        }
    }

    @Test func `with a service of its own it says what has no effect, and a killed serve leaves no forwarder`() async throws {
        try await RootlessBox.run { box async throws in
            try await box.configure(runtime: "{kind: podman}")
            let head = try await box.commit(stack("one"))
            try await box.serving(confined: false) { serving async throws in
                try await serving.launch(head)
                let info = try await box.podman(["info", "--format", "{{.Host.CgroupsVersion}}"])
                let warned = serving.process.log.contains("limits of cpu, memory and processes have no effect")
                #expect(warned == (info == "v1\n"))
                #expect(try await box.forwarders().count == 1)
                await serving.process.kill()
            }
            for _ in 0..<50 where try await !box.forwarders().isEmpty { try await Task.sleep(for: .milliseconds(100)) }
            #expect(try await box.forwarders() == [])
            try await box.serving(confined: false) { serving async throws in
                try await serving.deliver(GitHubDelivery("closed", head: head))
                try await serving.wait(for: .destroyed)
            }
        }
    }

    @Test func `a podman that is not to be had says what to do`() async throws {
        try await RootlessBox.run { box async throws in
            func reap(_ runtime: String, path: String? = nil) async throws -> String {
                try await box.configure(runtime: runtime)
                let command = ["\(box.directory.path)/slingshot", "reap", "--config", "\(box.directory.path)/slingshot.yaml"]
                let variables = path.map { ["env", "PATH=\($0)"] } ?? []
                return try await box.run(variables + command, accepting: [1]).output
            }
            let closed = box.directory.appending(path: "closed")
            #expect(try await reap("{kind: podman, socket: \(closed.path)/podman.sock}").contains("there is no socket"))
            try FileManager.default.createDirectory(at: closed, withIntermediateDirectories: true)
            let listener = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup).bind(
                unixDomainSocketPath: "\(closed.path)/podman.sock"
            ).get()
            try await box.handOver()
            try FileManager.default.setAttributes([.ownerAccountID: 0, .posixPermissions: 0o700], ofItemAtPath: closed.path)
            let refused = try await box.run(
                ["\(box.directory.path)/slingshot", "reap", "--config", "\(box.directory.path)/slingshot.yaml"], accepting: [1]
            ).output
            #expect(refused.contains("refuses this user; run as its owner"), "\(refused)")
            try await listener.close()
            #expect(try await reap("{kind: podman}", path: "/nowhere").contains("podman is not installed"))
        }
    }

    @Test func `another user's podman is refused`() async throws {
        try await RootlessBox.run { box async throws in
            try await box.handOver()
            try await box.withPodman {
                for _ in 0..<100 where !FileManager.default.fileExists(atPath: box.socket.path) {
                    try await Task.sleep(for: .milliseconds(50))
                }
                let stack = try #require(StackName("shop-7"))
                let fixture = PodmanStack(stack: stack, namespace: "\(box.prefix)\(stack)")
                let settings = PodmanRuntime.Settings(
                    socket: box.socket.path, folder: box.directory, namespacePrefix: box.prefix, keeps: false, forwarder: [])
                let plan = try fixture.plan([])
                let error = await #expect(throws: StepError.self) {
                    try await PodmanRuntime.with(settings, logger: Logger(label: "test")) { runtime in
                        try await runtime.apply(plan, lease: fixture.lease) { _ in }
                    }
                }
                #expect(error?.message.contains("; run Slingshot as that user") == true, "\(String(describing: error))")
            }
        }
    }

    /// This machine's own.
    private static func addresses() throws -> [String] {
        try System.enumerateDevices().compactMap { device in
            guard case .v4 = device.address else { return nil }
            return device.address?.ipAddress
        }.filter { $0 != "127.0.0.1" }
    }
}
