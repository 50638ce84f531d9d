import Foundation
import NIOSSL
import Synchronization
import Testing

@testable import KubernetesClient

/// Real programs: shell scripts that note each run in a file.
@Suite struct CredentialPluginTests {
    private static let version = "client.authentication.k8s.io/v1"

    /// A script that prints a credential with this `status`, in which `$run` is the number of the run.
    private static func printing(_ status: String, version: String = Self.version, kind: String = "ExecCredential") -> String {
        #"echo "{\"apiVersion\":\"\#(version)\",\"kind\":\"\#(kind)\",\"status\":{\#(status.replacing("\"", with: "\\\""))}}""#
    }

    private func withPlugin(
        _ script: String, _ body: (CredentialPlugin, _ runs: () -> Int, _ folder: String) async throws -> Void
    ) async throws {
        let counting = "cd \"$FOLDER\"; echo run >>runs; run=$(grep -c run runs)\n"
        try await withFiles(["plugin.sh": counting + script + "\n"]) { folder in
            let plugin = CredentialPlugin(
                version: .v1, command: "/bin/sh", arguments: [folder + "/plugin.sh", "first argument"], environment: ["FOLDER": folder])
            let runs = { (try? String(contentsOfFile: folder + "/runs", encoding: .utf8))?.split(separator: "\n").count ?? 0 }
            try await body(plugin, runs, folder)
        }
    }

    private func credentials(
        _ plugin: CredentialPlugin, limit: Duration = .seconds(60), now: @escaping @Sendable () -> Date = { Date() }
    ) -> PluginCredentials {
        PluginCredentials(plugin, limit: limit, now: now) { _ in .makeClientConfiguration() }
    }

    @Test func getsItsArgumentsAndItsEnvironment() async throws {
        try await withPlugin(Self.printing(#""token":"$1, $HELLO""#)) { plugin, _, _ in
            var plugin = plugin
            plugin.environment["HELLO"] = "world"
            let token = try await credentials(plugin).current().token
            #expect(token == "first argument, world")
        }
    }

    @Test func isFoundInThePath() async throws {
        try await withPlugin(Self.printing(#""token":"t""#)) { plugin, _, _ in
            var plugin = plugin
            plugin.command = "sh"
            let token = try await credentials(plugin).current().token
            #expect(token == "t")
        }
    }

    @Test func runsAgainWhenItsCredentialExpired() async throws {
        let script = Self.printing(#""token":"t$run","expirationTimestamp":"2030-01-01T00:00:00Z""#)
        try await withPlugin(script) { plugin, runs, _ in
            let expires = try Date("2030-01-01T00:00:00Z", strategy: .iso8601)
            let now = Mutex(expires - 3600)
            let credentials = credentials(plugin) { now.withLock { $0 } }
            #expect(try await credentials.current().token == "t1")
            now.withLock { $0 = expires - 1 }
            #expect(try await credentials.current().token == "t1")
            now.withLock { $0 = expires }
            #expect(try await credentials.current().token == "t2")
            #expect(runs() == 2)
        }
    }

    @Test func oneRunServesAllWhoWait() async throws {
        try await withPlugin(Self.printing(#""token":"t$run""#)) { plugin, runs, _ in
            let credentials = credentials(plugin)
            let tokens = try await withThrowingTaskGroup(of: String?.self) { group in
                for _ in 0..<20 { group.addTask { try await credentials.current().token } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(tokens == Array(repeating: "t1", count: 20))
            #expect(runs() == 1)
        }
    }

    @Test func aRefusalOfAnOldCredentialKeepsTheNewOne() async throws {
        try await withPlugin(Self.printing(#""token":"t$run""#)) { plugin, runs, _ in
            let credentials = credentials(plugin)
            let old = try await credentials.current()
            credentials.refused(old)
            #expect(try await credentials.current().token == "t2")
            credentials.refused(old)
            #expect(try await credentials.current().token == "t2")
            #expect(runs() == 2)
        }
    }

    @Test func runsAgainAfter401() async throws {
        try await withPlugin(Self.printing(#""token":"t$run""#)) { plugin, runs, _ in
            let answers: [LoopbackServer.Answer] = [.init(body: "one"), .init(status: 401), .init(body: "two")]
            try await LoopbackServer.with(answers, authentication: .plugin(plugin)) { client, server in
                let answers = [try await client.raw("/version"), try await client.raw("/version")]
                #expect(answers == ["one", "two"].map { Array($0.utf8) })
                #expect(server.asked.map { $0.headers["authorization"] } == ["Bearer t1", "Bearer t1", "Bearer t2"])
            }
            #expect(runs() == 2)
        }
    }

    @Test func runsAgainOnlyOnceForARequest() async throws {
        try await withPlugin(Self.printing(#""token":"t$run""#)) { plugin, runs, _ in
            try await LoopbackServer.with([.init(status: 401), .init(status: 401)], authentication: .plugin(plugin)) { client, server in
                let error = await #expect(throws: KubernetesError.self) { try await client.raw("/version") }
                #expect(error?.code == 401)
                #expect(server.lines.count == 2)
            }
            #expect(runs() == 2)
        }
    }

    @Test func aClientCertificateIsPresentedAndReplaced() async throws {
        let json = { (certificate: String, key: String) in
            let lines = [certificate, key].map { $0.split(separator: "\n").joined(separator: "\\n") }
            return #"{"apiVersion":"\#(Self.version)","kind":"ExecCredential","status":{"clientCertificateData":"\#(lines[0])","#
                + #""clientKeyData":"\#(lines[1])"}}"#
        }
        try await withPlugin("cat $run.json") { plugin, runs, folder in
            for (name, text) in [
                ("1", json(TestCertificates.firstCertificate, TestCertificates.firstKey)),
                ("2", json(TestCertificates.secondCertificate, TestCertificates.secondKey)),
            ] { try Data(text.utf8).write(to: URL(filePath: "\(folder)/\(name).json")) }
            let answers: [LoopbackServer.Answer] = [.init(), .init(), .init(status: 401), .init(), .init()]
            try await LoopbackServer.with(answers, authentication: .plugin(plugin), tls: true) { client, server in
                for _ in 0..<4 { _ = try await client.raw("/version") }
                let presented = try [TestCertificates.firstCertificate, TestCertificates.secondCertificate].map {
                    try NIOSSLCertificate(bytes: Array($0.utf8), format: .pem)
                }
                #expect(server.asked.map(\.certificate) == [0, 0, 0, 1, 1].map { presented[$0] })
                #expect(server.asked.allSatisfy { $0.headers["authorization"] == nil })
            }
            #expect(runs() == 2)
        }
    }

    @Test func aCertificateThatIsNotPEMIsNamed() async throws {
        try await withPlugin(Self.printing(#""clientCertificateData":"hidden","clientKeyData":"hidden""#)) { plugin, _, _ in
            try await LoopbackServer.with([], authentication: .plugin(plugin)) { client, _ in
                let error = await #expect(throws: KubernetesError.self) { try await client.raw("/version") }
                #expect(error?.description == "the credential plugin \"/bin/sh\": the client certificate or its key is not PEM")
            }
        }
    }

    /// What a plugin prints that can't be used, and what the error has to say.
    @Test(arguments: [
        ("echo hidden", "in JSON"), ("echo '[\"hidden\"]'", "in JSON"), ("true", "in JSON"),
        (printing(#""token":"hidden""#, version: "client.authentication.k8s.io/v1beta1"), "of apiVersion client.authentication.k8s.io/v1,"),
        (printing(#""token":"hidden""#, kind: "Secret"), "did not print an ExecCredential"),
        (#"echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential"}'"#, "no status"), (printing(""), "neither"),
        (printing(#""token":"""#), "neither"), (printing(#""clientKeyData":"hidden""#), "without the other"),
        (printing(#""token":"hidden","clientCertificateData":"hidden""#), "without the other"),
        (printing(#""token":"hidden\\\\nx""#), "control characters"),
        (printing(#""token":"hidden","expirationTimestamp":"hidden""#), "RFC 3339"),
        ("head -c 2000000 /dev/zero", "more than 1048576 bytes"),
    ])
    func whatItPrintsWrongIsNamedAndNotRepeated(script: String, named: String) async throws {
        try await withPlugin(script) { plugin, _, _ in
            let error = await #expect(throws: KubernetesError.self) { try await credentials(plugin).current() }
            let text = error?.description ?? ""
            #expect(text.hasPrefix("the credential plugin \"/bin/sh\" "))
            #expect(text.contains(named))
            #expect(!text.contains("hidden"))
            #expect(error?.isRetryable == false)
        }
    }

    @Test func itsFailureIsToldWithItsLastLine() async throws {
        let script = "echo hidden; echo first >&2; printf '\\033[31mnot logged in\\n\\n' >&2; exit 3"
        try await withPlugin(script) { plugin, runs, _ in
            let credentials = credentials(plugin)
            let error = await #expect(throws: KubernetesError.self) { try await credentials.current() }
            #expect(error?.description == "the credential plugin \"/bin/sh\" failed (exit code 3): [31mnot logged in")
            #expect(error?.isRetryable == true)
            // a failure is not kept
            await #expect(throws: KubernetesError.self) { try await credentials.current() }
            #expect(runs() == 2)
        }
    }

    @Test(arguments: ["no-such-credential-plugin", "/nowhere/plugin"]) func aMissingOneIsNamedWithItsHint(command: String) async throws {
        let plugin = CredentialPlugin(version: .v1, command: command, installHint: "run\napt install it")
        let error = await #expect(throws: KubernetesError.self) { try await credentials(plugin).current() }
        #expect(error?.description.contains("\"\(command)\" can't be started") == true)
        #expect(error?.description.contains("run apt install it") == true)
        #expect(error?.isRetryable == false)
    }

    @Test(arguments: ["exec sleep 600", "sleep 600", "trap '' TERM; sleep 600 & wait; sleep 600"])
    func oneThatHangsIsEnded(script: String) async throws {
        try await withPlugin(script) { plugin, _, _ in
            let start = ContinuousClock.now
            let error = await #expect(throws: KubernetesError.self) {
                try await credentials(plugin, limit: .milliseconds(300)).current()
            }
            #expect(error?.description.contains("did not end within 0.3 seconds") == true)
            #expect(error?.isRetryable == true)
            #expect(ContinuousClock.now - start < .seconds(300))
        }
    }

    @Test func whoIsCancelledLeavesTheRunToOthers() async throws {
        let script = "while [ ! -e gate ]; do sleep 0.02; done\n" + Self.printing(#""token":"t""#)
        try await withPlugin(script) { plugin, _, folder in
            let credentials = credentials(plugin)
            let patient = Task { try await credentials.current().token }
            let hasty = Task { try await credentials.current().token }
            hasty.cancel()
            await #expect(throws: CancellationError.self) { try await hasty.value }
            try Data().write(to: URL(filePath: folder + "/gate"))
            #expect(try await patient.value == "t")
        }
    }

    @Test func aRunThatNobodyWaitsForIsEnded() async throws {
        try await withPlugin("[ -e gate ] || exec sleep 600\n" + Self.printing(#""token":"t""#)) { plugin, _, folder in
            let credentials = credentials(plugin)
            let task = Task { try await credentials.current().token }
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            try Data().write(to: URL(filePath: folder + "/gate"))
            #expect(try await credentials.current().token == "t")
        }
    }
}
