import Foundation
import Glibc
import Orchestration
import StagingModel
import Testing

@testable import GitRefs

/// Fetching from a real OpenSSH server.
@Suite struct SSHTests {
    let upstream: Upstream
    let state: TemporaryFolder
    let server: SSHServer
    let refs: GitRefs

    init() throws {
        upstream = try Upstream()
        state = try TemporaryFolder()
        server = try SSHServer()
        refs = GitRefs(state)
    }

    @Test func fetchesWithAKeyFile() async throws {
        let shop = settings(server.url(of: upstream.path), .ssh(key: server.clientKey, knownHosts: server.knownHosts))
        let first = try upstream.commit(["a.txt": .file("one")])
        #expect(try await refs.fetch("refs/pull/7/head", of: shop) == first)
        let second = try upstream.commit(["a.txt": .file("two")])
        #expect(try await refs.fetch("refs/pull/7/head", of: shop) == second)
        #expect(try await refs.file("a.txt", at: second, of: shop, limit: 9) == Array("two".utf8))
        await #expect(throws: StepError("refs/pull/8/head does not exist in \(shown)", isRetryable: false)) {
            try await refs.fetch("refs/pull/8/head", of: shop)
        }
    }

    @Test func fetchesWithAnAgent() async throws {
        let commit = try upstream.commit(["a.txt": .file("one")])
        let shop = settings(server.url(of: upstream.path), .ssh(key: nil, knownHosts: server.knownHosts))
        let socket = state.path + "/agent"
        let output = Pipe()
        let agent = try spawn(["ssh-agent", "-D", "-a", socket], input: 0, output: output.fileHandleForWriting.fileDescriptor)
        defer {
            kill(agent, SIGTERM)
            wait(for: agent)
        }
        _ = try output.fileHandleForReading.read(upToCount: 1)  // it speaks when its socket is there
        _ = try run(["ssh-add", "-q", server.clientKey], environment: ["SSH_AUTH_SOCK": socket], input: Data())
        #expect(try await GitRefs(state, machine: ["SSH_AUTH_SOCK": socket]).fetch("refs/pull/7/head", of: shop) == commit)
    }

    @Test func refusesAHostThatIsNotKnown() async throws {
        try upstream.commit(["a.txt": .file("one")])
        try "".write(toFile: server.knownHosts, atomically: true, encoding: .utf8)
        let error = try await failure(key: server.clientKey)
        #expect(error.message.hasPrefix("the host key of \(shown) is not known, or has changed; correct the known hosts"))
        #expect(!error.isRetryable)
    }

    @Test func refusesAHostWhoseKeyHasChanged() async throws {
        try upstream.commit(["a.txt": .file("one")])
        try server.trust("other-host")
        let error = try await failure(key: server.clientKey)
        #expect(error.message.hasPrefix("the host key of \(shown) is not known, or has changed; correct the known hosts"))
        #expect(!error.isRetryable)
    }

    @Test func saysThatTheKeyIsRefused() async throws {
        try upstream.commit(["a.txt": .file("one")])
        let error = try await failure(key: server.folder.path + "/stranger")
        #expect(error == StepError("\(shown) refuses the ssh key; add its public key there, or set `credentials.ssh`", isRetryable: false))
    }

    @Test func saysThatOthersCanReadTheKey() async throws {
        try upstream.commit(["a.txt": .file("one")])
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: server.clientKey)
        let error = try await failure(key: server.clientKey)
        #expect(error == StepError("ssh refuses the key for \(shown): others can read its file; set its mode to 0600", isRetryable: false))
    }

    @Test func saysThatTheRepositoryDoesNotExist() async throws {
        let shop = settings(server.url(of: "/nowhere.git"), .ssh(key: server.clientKey, knownHosts: server.knownHosts))
        let error = try await #require(throws: StepError.self) { try await refs.fetch("refs/pull/7/head", of: shop) }
        #expect(error.message.contains("/nowhere.git does not exist, or is not for these credentials; correct the repository's url"))
        #expect(!error.isRetryable)
    }

    /// A path goes through a shell here and one at the other end.
    @Test func pathsAreNoCommands() async throws {
        let url = server.url(of: "/x';touch${IFS}\(state.path)/ran;'/shop.git")
        let shop = settings(url, .ssh(key: server.clientKey, knownHosts: server.knownHosts))
        await #expect(throws: StepError.self) { try await refs.fetch("refs/pull/7/head", of: shop) }
        #expect(!FileManager.default.fileExists(atPath: state.path + "/ran"))
    }

    @Test func aServerThatIsSilentIsGivenUp() async throws {
        let silent = try LoopbackServer { _ in .silence }
        let url = "ssh://git@127.0.0.1:\(silent.port)/shop.git"
        let refs = GitRefs(state, limits: GitLimits { $0.silence = .milliseconds(300) })
        let error = try await #require(throws: StepError.self) { try await refs.fetch("refs/pull/7/head", of: settings(url)) }
        #expect(error.message.contains("said nothing for 0.3 seconds; look at the server and the network"))
        #expect(error.isRetryable)
    }

    private var shown: String { "ssh://127.0.0.1:\(server.port)\(upstream.path)" }

    private func failure(key: String) async throws -> StepError {
        let shop = settings(server.url(of: upstream.path), .ssh(key: key, knownHosts: server.knownHosts))
        return try await #require(throws: StepError.self) { try await refs.fetch("refs/pull/7/head", of: shop) }
    }
}
