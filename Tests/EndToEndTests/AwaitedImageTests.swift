import ControlAPI
import Foundation
import KubernetesClient
import SlingshotTestSupport
import StagingModel
import Testing

/// peers.md, complaint 9: a commit whose image CI has yet to push failed. It waits, and runs once the image is there.
@Suite(.serialized, .timeLimit(.minutes(10))) struct AwaitedImageTests {
    /// The development cluster's own; `SLINGSHOT_DEMO_REGISTRY` names another cluster's.
    private let registry = ProcessInfo.processInfo.environment["SLINGSHOT_DEMO_REGISTRY"] ?? "10.207.0.1:5000"

    private func stackFile(_ image: String) -> [String: String] {
        PodmanServeTests.stackFile("one").mapValues { $0.replacing(PodmanTestEngine.image, with: image) }
    }

    private func waits(_ serving: Serving, for image: String) async throws {
        try await serving.wait(for: .waiting)
        let stack = try await serving.client.stack("shop-7")
        #expect(stack.waitsFor == .image && stack.message.contains("the image \"\(image)\" can't be pulled"), "\(stack)")
        #expect(try await serving.cli(["list"]).output.contains("waiting (image)"))
    }

    /// Asks for the stack's pods until what the cluster says of them satisfies `condition`.
    private func pods(of fixture: ServeFixture, until condition: (String) -> Bool) async throws {
        for _ in 0..<600 {
            let pods = try await fixture.cluster.raw("/api/v1/namespaces/\(fixture.namespace)/pods")
            if condition(String(decoding: pods, as: UTF8.self)) { return }
            try await Task.sleep(for: .milliseconds(100))
        }
        throw ChildProcess.Failure("the pods never were as awaited")
    }

    @Test func `on a cluster`() async throws {
        try PodmanTestEngine.require()
        try await ServeFixture.run { fixture async throws in
            try fixture.configure()
            let image = "\(registry)/slingshot-test/\(fixture.prefix)late:1"
            let head = try await fixture.repository.commit(stackFile(image), to: PullRequest.headRef(7))
            try await fixture.serving { serving async throws in
                try await serving.deliver(GitHubDelivery("opened", head: head))
                try await waits(serving, for: image)
                // Who looks now is not told why, and does not take it for another failure.
                try await pods(of: fixture) { $0.contains("ImagePullBackOff") }
                _ = try await serving.cli(["extend", "shop-7", "1h"])
                try await pods(of: fixture) { !$0.contains("ImagePullBackOff") }
                #expect(try await serving.client.stack("shop-7").waitsFor == .image)
                _ = try await PodmanTestEngine.podman(["push", "-q", "--tls-verify=false", fixture.image, "docker://\(image)"])
                // Kubelet by itself would ask again after up to five minutes.
                try await serving.wait(for: .ready)
                let failures = try await serving.client.events(of: "shop-7").filter { $0.kind == .failure }
                #expect(failures.isEmpty, "\(failures)")
            }
        }
    }

    @Test func `on podman`() async throws {
        try await PodmanServe.run { fixture async throws in
            try await TestRegistry.running(in: fixture.directory) { registry async throws in
                try fixture.configure()
                let image = "\(registry)/shop:late"
                let head = try await fixture.repository.commit(stackFile(image), to: PullRequest.headRef(7))
                try await fixture.serving { serving async throws in
                    #expect(try await serving.deliver(GitHubDelivery("opened", head: head)) == 202)
                    try await waits(serving, for: image)
                    _ = try await PodmanTestEngine.podman(["push", "-q", PodmanTestEngine.image, "docker://\(image)"])
                    try await serving.wait(for: .ready)
                    _ = try await serving.cli(["destroy", "shop-7", "--wait"])
                }
                _ = try await PodmanTestEngine.podman(["rmi", "-f", image])
            }
        }
    }
}

/// A registry on loopback with TLS, which podman trusts as long as it runs.
private enum TestRegistry {
    static func running(in directory: URL, _ body: @Sendable (_ registry: String) async throws -> Void) async throws {
        let (key, certificate) = (directory.appending(path: "registry.key"), directory.appending(path: "registry.pem"))
        try await ChildProcess.run(
            URL(filePath: "/usr/bin/openssl"),
            [
                "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=registry", "-addext",
                "subjectAltName=IP:127.0.0.1", "-keyout", key.path, "-out", certificate.path,
            ])
        let file = directory.appending(path: "registry.yaml")
        let configuration = """
            version: 0.1
            storage: {filesystem: {rootdirectory: \(directory.appending(path: "registry").path)}}
            http: {addr: "127.0.0.1:0", tls: {certificate: \(certificate.path), key: \(key.path)}}
            """
        try Data(configuration.utf8).write(to: file)
        try await ChildProcess.running(URL(filePath: "/usr/bin/docker-registry"), ["serve", file.path]) { process in
            let line = try await process.line(containing: "listening on 127.0.0.1:")
            let port = try #require(try /listening on 127\.0\.0\.1:([0-9]+)/.firstMatch(in: line)?.output.1)
            let address = "127.0.0.1:\(port)"
            let trust = URL(filePath: "/etc/containers/certs.d/\(address)")
            try FileManager.default.createDirectory(at: trust, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: trust) }
            try FileManager.default.copyItem(at: certificate, to: trust.appending(path: "ca.crt"))
            try await body(address)
        }
    }
}
