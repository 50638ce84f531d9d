import ControlAPI
import Foundation
import SlingshotTestSupport
import StagingModel
import Testing

/// A server that builds images on podman, and a repository whose commits ask for it.
enum BuildFixture {
    static func run(
        builds: String = "network: none", listen: String = "127.0.0.1:0", _ body: @Sendable (PodmanServe) async throws -> Void
    ) async throws {
        try PodmanTestEngine.require()
        let prefix = "b\(String(UInt32.random(in: 0..<0xFFFFFF), radix: 36))-"
        do {
            try await withTemporaryDirectory { directory in
                let repository = try await GitRepository(at: directory.appending(path: "shop.git"))
                let fixture = PodmanServe(directory: directory, prefix: prefix, repository: repository)
                try fixture.configure(listen: listen, more: "builds: {localImages: [\"\(PodmanTestEngine.image)\"], \(builds)}")
                try await body(fixture)
            }
        } catch {
            await PodmanTestEngine.remove(prefix)
            throw error
        }
        #expect(try await PodmanTestEngine.leftovers(prefix) == [])
        #expect(try await leftovers(prefix) == [])
        await PodmanTestEngine.remove(prefix)
    }

    /// A page that busybox serves, made in three layers.
    ///
    /// - Parameter salt: makes its layers others than those of the tests that run beside.
    static func files(_ page: String, salt: String, containerfile: String? = nil) -> [String: String] {
        [
            ".slingshot.yaml": "template: web\nbuild: {context: app}\nvalues: {port: 8080}\n",
            "app/Containerfile": containerfile ?? """
                FROM \(PodmanTestEngine.image)
                USER 0
                RUN echo a slow step of \(salt) && mkdir -p /www && date > /www/when && chmod -R a+rX /www
                COPY page /www/index.html
                USER 65532
                """,
            "app/page": page,
        ]
    }

    /// Pushes a commit whose Containerfile begins with the demo image, as root, and goes on with these steps.
    static func push(_ steps: String, to fixture: PodmanServe) async throws -> CommitID {
        let file = "FROM \(PodmanTestEngine.image)\nUSER 0\n\(steps)\n"
        return try await fixture.repository.commit(files("page", salt: fixture.prefix, containerfile: file), to: PullRequest.headRef(7))
    }

    /// Ends the stack, and returns once nothing of it and its builds is left.
    static func close(_ head: CommitID, _ serving: Serving, _ fixture: PodmanServe) async throws {
        try await serving.deliver(GitHubDelivery("closed", head: head))
        try await serving.wait(for: .destroyed)
        try await vanish(fixture.prefix)
    }

    /// Returns once nothing is left of builds; it goes soon after them.
    static func vanish(_ prefix: String) async throws {
        for _ in 0..<100 {
            if try await leftovers(prefix).isEmpty { return }
            try await Task.sleep(for: .milliseconds(100))
        }
        #expect(try await leftovers(prefix) == [])
    }

    /// Images, buildah's working containers, networks, and processes of builds.
    static func leftovers(_ prefix: String) async throws -> [String] {
        func lines(_ arguments: [String]) async throws -> [String] {
            // podman gives up when what it lists is removed meanwhile
            for _ in 0..<20 {
                if let text = try? await PodmanTestEngine.podman(arguments) { return text.split(separator: "\n").map(String.init) }
            }
            throw ChildProcess.Failure("podman does not list: \(arguments)")
        }
        let images = try await lines(["images", "-a", "--format", "{{.Repository}}:{{.Tag}} {{.Labels}}"])
        let external = try await lines(["ps", "-a", "--external", "--format", "{{.Command}} {{.Names}}"])
        let networks = try await lines(["network", "ls", "--format", "{{.Name}}"])
        var found = images.filter { $0.contains(prefix) }.map { "image: \($0)" }
        found += external.filter { $0.hasPrefix("buildah ") }.map { "container: \($0)" }
        found += networks.filter { $0.hasPrefix(prefix) && $0.hasSuffix("-build") }.map { "network: \($0)" }
        return found
    }

    /// The processes whose command line has this text.
    static func processes(_ text: String) async throws -> [Int32] {
        try await ChildProcess.run(URL(filePath: "/usr/bin/pgrep"), ["-f", "--", text], accepting: [0, 1]).output.split(separator: "\n")
            .compactMap { Int32($0) }
    }

    /// Returns once no process of a build is left; the kernel ends them right after their server.
    static func noProcesses(_ fixture: PodmanServe) async throws {
        for _ in 0..<50 {
            if try await processes(fixture.state.path + "/builds").isEmpty { return }
            try await Task.sleep(for: .milliseconds(100))
        }
        #expect(try await processes(fixture.state.path + "/builds") == [])
    }

    /// Returns once a step has written the line.
    static func wait(forOutput text: String, _ serving: Serving) async throws {
        for _ in 0..<300 {
            if try await serving.cli(["logs", "shop-7", "--build"], accepting: [0, 1]).output.contains("build/build \(text)\n") { return }
            try await Task.sleep(for: .milliseconds(100))
        }
        Issue.record("the build never said \(text)")
    }
}
