import KubernetesClient
import Testing

/// The client against prepared answers.
@Suite struct KubernetesClientTests {
    private struct Item: Decodable, Sendable, Equatable {
        struct Metadata: Decodable, Equatable {
            var name: String
        }
        var metadata: Metadata
    }

    private let pods: ResourcePath

    init() throws { pods = try ResourcePath(.pods, namespace: "n") }

    private func item(_ name: String, version: Int = 1) -> String {
        #"{"metadata":{"name":"\#(name)","uid":"u","resourceVersion":"\#(version)"}}"#
    }
    private func event(_ type: String, _ name: String, version: Int) -> String {
        #"{"type":"\#(type)","object":\#(item(name, version: version))}"# + "\n"
    }

    @Test func sendsTheTokenAndWhatTheRequestSays() async throws {
        try await LoopbackServer.with([.init(body: item("a"))], authentication: .token("secret")) { client, server in
            let applied: Item = try await client.apply(ResourcePath(.namespaces, name: "a"), manifest: Array("{}".utf8), fieldManager: "me")
            #expect(applied.metadata.name == "a")
            let asked = try #require(server.asked.first)
            #expect(asked.line == "PATCH /base/api/v1/namespaces/a?fieldManager=me&force=true")
            #expect(asked.headers["authorization"] == "Bearer secret")
            #expect(asked.headers["content-type"] == "application/apply-patch+yaml")
            #expect(asked.body == "{}")
        }
    }

    @Test func sendsUserNameAndPassword() async throws {
        try await LoopbackServer.with([.init()], authentication: .basic(username: "Aladdin", password: "open sesame")) { client, server in
            _ = try await client.raw("/version")
            // the example of RFC 7617
            #expect(server.asked.first?.headers["authorization"] == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==")
        }
    }

    @Test func actsAsSomebodyElse() async throws {
        try await LoopbackServer.with([.init()], impersonation: .init(user: "jane", groups: ["a"], extra: ["k/l": ["v"]])) {
            client, server in
            _ = try await client.raw("/version")
            let headers = try #require(server.asked.first).headers
            #expect(headers["impersonate-user"] == "jane")
            #expect(headers["impersonate-group"] == "a")
            #expect(headers["impersonate-extra-k%2fl"] == "v")
        }
    }

    @Test func asksAProxyToConnect() async throws {
        try await LoopbackServer.with([.init(status: 407)], authentication: .token("hidden"), asProxy: true) { client, server in
            let error = await #expect(throws: KubernetesError.self) { try await client.raw("/version") }
            #expect(error?.description.contains("Proxy") == true)
            let asked = try #require(server.asked.first)
            #expect(asked.line == "CONNECT api.invalid:6443")
            #expect(asked.headers["proxy-authorization"] == "Basic dTpw")
            // the token is for the API server alone
            #expect(asked.headers["authorization"] == nil)
        }
    }

    @Test func aRefusedTokenIsNotSentAgain() async throws {
        try await LoopbackServer.with([.init(status: 401)], authentication: .token("t")) { client, server in
            let error = await #expect(throws: KubernetesError.self) { try await client.raw("/version") }
            #expect(error?.code == 401)
            #expect(server.lines.count == 1)
        }
    }

    @Test func waitsAsLongAsTheServerAsks() async throws {
        let clock = RecordingClock()
        let busy = LoopbackServer.Answer(status: 429, headers: ["retry-after": "3"])
        let broken = LoopbackServer.Answer(status: 503, headers: ["retry-after": "100"])
        try await LoopbackServer.with([busy, broken, .init(body: "ok")], clock: clock) { client, _ in
            let answer = try await client.raw("/version")
            #expect(answer == Array("ok".utf8))
            #expect(clock.sleeps == [.seconds(3), .seconds(60)])
        }
    }

    @Test func givesUpAfterTenWaits() async throws {
        let busy = LoopbackServer.Answer(status: 429, headers: ["retry-after": "1"])
        try await LoopbackServer.with(Array(repeating: busy, count: 20)) { client, server in
            let error = await #expect(throws: KubernetesError.self) { try await client.raw("/version") }
            #expect(error?.code == 429)
            #expect(server.lines.count == 11)
        }
    }

    @Test(arguments: [500, 503]) func anErrorWithoutAnInvitationIsTheCallers(status: Int) async throws {
        try await LoopbackServer.with([.init(status: status, body: "<html>\nbad gateway")]) { client, server in
            let error = await #expect(throws: KubernetesError.self) { try await client.raw("/version") }
            #expect(error == .status(Status(code: status, message: "<html> bad gateway")))
            #expect(error?.isRetryable == true)
            #expect(server.lines.count == 1)
        }
    }

    @Test func aStatusIsTyped() async throws {
        let body = #"""
            {"kind":"Status","status":"Failure","message":"is being terminated","reason":"Forbidden","code":403,
             "details":{"name":"web","kind":"pods","causes":[{"reason":"NamespaceTerminating","message":"m","field":"metadata.namespace"}]}}
            """#
        try await LoopbackServer.with([.init(status: 403, body: body)]) { client, _ in
            let error = await #expect(throws: KubernetesError.self) { try await client.get(pods, as: Item.self) }
            guard case .status(let status) = error else { throw KubernetesError.undecodable("no status") }
            #expect(status.reason == "Forbidden")
            #expect(status.hasCause("NamespaceTerminating"))
            #expect(!status.hasCause("Other"))
        }
    }

    @Test func aRedirectIsNotFollowed() async throws {
        try await LoopbackServer.with([.init(status: 302, headers: ["location": "/elsewhere"])], authentication: .token("secret")) {
            client, server in
            let error = await #expect(throws: KubernetesError.self) { try await client.raw("/version") }
            #expect(error?.code == 302)
            #expect(server.lines.count == 1)
        }
    }

    @Test(arguments: [404, 422, 500]) func anErrorThatBreaksOffIsNoAnswer(status: Int) async throws {
        let body = #"{"kind":"Status","reason":"NotFound","message":"pods \"a\" not found","code":404}"#
        let answer = LoopbackServer.Answer(
            status: status, headers: ["content-length": "\(body.utf8.count)"], body: String(body.dropLast(20)), breaksOff: true)
        try await LoopbackServer.with([answer]) { client, _ in
            let error = await #expect(throws: KubernetesError.self) { try await client.get(pods, as: Item.self) }
            #expect(error?.code == nil)
            #expect(error?.isRetryable == true)
        }
    }

    @Test func aNotFoundThatIsNotTheServersOwnIsNoAnswer() async throws {
        try await LoopbackServer.with([.init(status: 404, body: "404 page not found")]) { client, _ in
            let error = await #expect(throws: KubernetesError.self) { try await client.get(pods, as: Item.self) }
            #expect(error?.isNotFound == false)
            #expect(error?.isRetryable == true)
        }
    }

    @Test func anAnswerThatBreaksOffIsATransportError() async throws {
        try await LoopbackServer.with([.init(headers: ["content-length": "100"], body: "{", breaksOff: true)]) { client, _ in
            let error = await #expect(throws: KubernetesError.self) { try await client.raw("/version") }
            guard case .transport = error else { throw KubernetesError.undecodable("\(String(describing: error))") }
        }
    }

    @Test func anAnswerOfAnotherShapeIsNamed() async throws {
        try await LoopbackServer.with([.init(body: #"{"metadata":{"name":7}}"#)]) { client, _ in
            let error = await #expect(throws: KubernetesError.self) { try await client.get(pods, as: Item.self) }
            #expect(error?.description.contains("metadata.name") == true)
            #expect(error?.isRetryable == false)
        }
    }

    @Test func aListIsReadToItsLastPage() async throws {
        let first = #"{"metadata":{"resourceVersion":"5","continue":"a/b="},"items":[\#(item("a"))]}"#
        let last = #"{"metadata":{"resourceVersion":"5"},"items":[\#(item("b"))]}"#
        try await LoopbackServer.with([.init(body: first), .init(body: last)]) { client, server in
            let list = try await client.list(pods, selector: Selector(labels: "a=b,c"), as: Item.self)
            #expect(list.items.map(\.metadata.name) == ["a", "b"])
            #expect(list.resourceVersion == "5")
            let base = "GET /base/api/v1/namespaces/n/pods?labelSelector=a%3Db%2Cc&limit=500"
            #expect(server.lines == [base, base + "&continue=a%2Fb%3D"])
        }
    }

    @Test func aWatchGoesOnWhereItEnded() async throws {
        let first = event("ADDED", "a", version: 7) + event("BOOKMARK", "", version: 9)
        let answers: [LoopbackServer.Answer] = [.init(body: first), .init(body: event("DELETED", "a", version: 11))]
        try await LoopbackServer.with(answers) { client, server in
            var names: [String] = []
            for try await event in client.watch(pods, from: "5", as: Item.self) {
                switch event {
                case .added(let item): names.append("added \(item.metadata.name)")
                case .modified(let item): names.append("modified \(item.metadata.name)")
                case .bookmark(let version): names.append("bookmark \(version)")
                case .deleted(let item): names.append("deleted \(item.metadata.name)")
                }
                if names.count == 3 { break }
            }
            #expect(names == ["added a", "bookmark 9", "deleted a"])
            #expect(
                server.lines.first?.hasPrefix(
                    "GET /base/api/v1/namespaces/n/pods?watch=true&resourceVersion=5&allowWatchBookmarks=true&timeoutSeconds=") == true)
            #expect(server.lines.last?.contains("resourceVersion=9&") == true)
        }
    }

    @Test(arguments: [
        LoopbackServer.Answer(status: 410, body: #"{"kind":"Status","message":"too old","reason":"Expired","code":410}"#),
        LoopbackServer.Answer(
            body: #"{"type":"ERROR","object":{"kind":"Status","message":"too old","reason":"Expired","code":410}}"# + "\n"),
    ])
    func aVersionThatIsTooOldIsTyped(answer: LoopbackServer.Answer) async throws {
        try await LoopbackServer.with([answer]) { client, _ in
            await #expect(throws: KubernetesError.expired("too old")) { for try await _ in client.watch(pods, from: "5", as: Item.self) {} }
        }
    }

    @Test func aServerThatEndsWatchesAtOnceIsNotPestered() async throws {
        let clock = RecordingClock()
        try await LoopbackServer.with([.init(), .init()], clock: clock) { client, _ in
            await #expect(throws: KubernetesError.self) { for try await _ in client.watch(pods, from: "5", as: Item.self) {} }
            #expect(clock.sleeps == [.seconds(1), .seconds(1)])
        }
    }

    @Test func aFollowedCollectionIsListedAgain() async throws {
        let clock = RecordingClock()
        let list = LoopbackServer.Answer(body: #"{"metadata":{"resourceVersion":"5"},"items":[\#(item("a"))]}"#)
        let answers = [list, .init(status: 410), .init(status: 500), list, .init(body: event("MODIFIED", "a", version: 6))]
        try await LoopbackServer.with(answers, clock: clock) { client, server in
            var seen: [String] = []
            for try await change in client.follow(pods, as: Item.self) {
                switch change {
                case .listed(let items): seen.append("listed \(items.count)")
                case .updated(let item): seen.append("updated \(item.metadata.name)")
                case .removed(let item): seen.append("removed \(item.metadata.name)")
                }
                if seen.count == 3 { break }
            }
            #expect(seen == ["listed 1", "listed 1", "updated a"])
            #expect(clock.sleeps == [.seconds(1), .seconds(2)])
        }
    }

    @Test func aFollowedCollectionFailsInTheEnd() async throws {
        let clock = RecordingClock()
        try await LoopbackServer.with(Array(repeating: .init(status: 500), count: 9), clock: clock) { client, server in
            await #expect(throws: KubernetesError.self) { for try await _ in client.follow(pods, as: Item.self) {} }
            #expect(server.lines.count == 6)
            #expect(clock.sleeps == [1, 2, 4, 8, 16].map { .seconds($0) })
        }
    }

    @Test func logsComeAsLines() async throws {
        let long = String(repeating: "x", count: 70 << 10)
        try await LoopbackServer.with([.init(body: "one\n\ntwo\n\(long)\nend")]) { client, server in
            var lines: [String] = []
            for try await line in try await client.logs(
                pod: "p", namespace: "n", options: LogOptions(container: "c", tailLines: 5, previous: true))
            {
                lines.append(line)
            }
            #expect(lines.map(\.utf8.count) == [3, 0, 3, 64 << 10, 6 << 10, 3])
            #expect(lines.last == "end")
            #expect(server.lines == ["GET /base/api/v1/namespaces/n/pods/p/log?container=c&tailLines=5&previous=true"])
        }
    }

    @Test func cancellingIsNoFailureOfTheServer() async throws {
        try await LoopbackServer.with([]) { client, _ in
            let task = Task { try await client.raw("/version") }
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
        }
    }

    @Test(arguments: ["version", "", "/a b", "/ä"]) func whatIsNoPathIsRefused(path: String) async throws {
        try await LoopbackServer.with([]) { client, server in
            await #expect(throws: KubernetesError.self) { try await client.raw(path) }
            #expect(server.lines.isEmpty)
        }
    }
}
