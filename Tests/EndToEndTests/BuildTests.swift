import ControlAPI
import Foundation
import SlingshotTestSupport
import StagingModel
import Testing

/// Images built of a pull request's commit, with the real program on podman.
@Suite(.serialized, .timeLimit(.minutes(10))) struct BuildTests {
    private func run(builds: String = "", _ body: @Sendable (PodmanServe) async throws -> Void) async throws {
        try PodmanTestEngine.require()
        let prefix = "b\(String(UInt32.random(in: 0..<0xFFFFFF), radix: 36))-"
        do {
            try await withTemporaryDirectory { directory in
                let repository = try await GitRepository(at: directory.appending(path: "shop.git"))
                let fixture = PodmanServe(directory: directory, prefix: prefix, repository: repository)
                try fixture.configure(more: "builds: {localImages: [\"\(PodmanTestEngine.image)\"], network: none, \(builds)}")
                try await body(fixture)
            }
        } catch {
            await PodmanTestEngine.remove(prefix)
            throw error
        }
        #expect(try await PodmanTestEngine.leftovers(prefix) == [])
        #expect(try await BuildLeftovers.all(prefix) == [])
        await PodmanTestEngine.remove(prefix)
    }

    /// A page that busybox serves, made in three layers.
    private func files(_ page: String, containerfile: String? = nil) -> [String: String] {
        [
            ".slingshot.yaml": "template: web\nbuild: {context: app}\nvalues: {port: 8080}\n",
            "app/Containerfile": containerfile ?? """
                FROM \(PodmanTestEngine.image)
                USER 0
                RUN echo a slow step && mkdir -p /www && date > /www/when && chmod -R a+rX /www
                COPY page /www/index.html
                USER 65532
                """,
            "app/page": page,
        ]
    }

    @Test func `an image is built from the ref, deployed, and a push builds the rest anew`() async throws {
        try await run { fixture async throws in
            let first = try await fixture.repository.commit(files("one"), to: PullRequest.headRef(7))
            try await fixture.serving { serving async throws in
                #expect(try await serving.deliver(GitHubDelivery("opened", head: first)) == 202)
                try await serving.wait(for: .ready)
                #expect(try await fixture.ask("web", "http://web/") == "one")
                let when = try await fixture.ask("web", "http://web/when")
                let events = try await serving.client.events(of: "shop-7").map(\.message)
                #expect(events.contains { $0.hasPrefix("built the image localhost/slingshot/\(fixture.prefix)shop:\(first)") })
                let second = try await fixture.repository.commit(files("two"), to: PullRequest.headRef(7))
                #expect(try await serving.deliver(GitHubDelivery("synchronize", head: second)) == 202)
                try await serving.wait(for: .ready)
                #expect(try await fixture.ask("web", "http://web/") == "two")
                // the step before the page was not done again
                #expect(try await fixture.ask("web", "http://web/when") == when)
                try await serving.deliver(GitHubDelivery("closed", head: second))
                try await serving.wait(for: .destroyed)
                try await BuildLeftovers.vanish(fixture.prefix)
            }
        }
    }

    @Test func `what a build that fails said last is in the status`() async throws {
        try await run { fixture async throws in
            let file = "FROM \(PodmanTestEngine.image)\nUSER 0\nRUN echo compiling; echo 'shop.c:7: missing ;'; exit 3\n"
            let head = try await fixture.repository.commit(files("one", containerfile: file), to: PullRequest.headRef(7))
            try await fixture.serving { serving async throws in
                try await serving.deliver(GitHubDelivery("opened", head: head))
                try await serving.wait(for: .failed)
                let stack = try await serving.client.stack("shop-7")
                #expect(stack.message.hasPrefix("the build failed: building at STEP \"RUN echo compiling"), "\(stack.message)")
                #expect(
                    stack.message.hasSuffix("exit status 3; its output ended with: compiling | shop.c:7: missing ;"), "\(stack.message)")
                try await serving.deliver(GitHubDelivery("closed", head: head))
                try await serving.wait(for: .destroyed)
                try await BuildLeftovers.vanish(fixture.prefix)
            }
        }
    }
}

/// What builds leave on a machine when something goes wrong.
enum BuildLeftovers {
    /// Returns once there are none; they go soon after the stack.
    static func vanish(_ prefix: String) async throws {
        for _ in 0..<100 {
            if try await all(prefix).isEmpty { return }
            try await Task.sleep(for: .milliseconds(100))
        }
        #expect(try await all(prefix) == [])
    }

    static func all(_ prefix: String) async throws -> [String] {
        let images = try await PodmanTestEngine.podman(["images", "-a", "--format", "{{.Repository}}:{{.Tag}} {{.Labels}}"])
        let external = try await PodmanTestEngine.podman(["ps", "-a", "--external", "--format", "{{.Command}} {{.Names}}"])
        return images.split(separator: "\n").filter { $0.contains(prefix) }.map { "image: \($0)" }
            + external.split(separator: "\n").filter { $0.hasPrefix("buildah ") }.map { "container: \($0)" }
    }
}
