import Foundation
import NIOCore
import Orchestration
import ServiceLifecycle
import SlingshotTestSupport
import StagingModel
import Store
import Testing

@testable import Service

/// Hostile and broken clients, at the real server.
@Suite(.timeLimit(.minutes(5))) struct ServerLimitsTests {
    private func request(_ delivery: GitHubDelivery, secret: String = ServiceFixture.secret, more: [String: String] = [:]) -> String {
        let body = delivery.body
        let headers = delivery.headers(secret: secret).merging(more) { $1 }.map { "\($0): \($1)\r\n" }.joined()
        return "POST /webhooks/github HTTP/1.1\r\nHost: x\r\n\(headers)Content-Length: \(body.count)\r\n\r\n"
            + String(decoding: body, as: UTF8.self)
    }

    private let opened = GitHubDelivery("opened", head: Samples.commit("a"))

    private func limits(_ change: (inout ServerLimits) -> Void) -> ServerLimits {
        var limits = ServerLimits()
        change(&limits)
        return limits
    }

    @Test(arguments: ["", "POST /webhooks/github HTTP/1.1\r\nHost: x\r\nX-Slow"])
    func `a header that never ends costs the connection`(sent: String) async throws {
        try await ServerFixture.run(limits: limits { $0.idle = .seconds(2) }) { server async throws in
            try await server.connected { connection in
                // On a busy machine it may be too late already.
                if !sent.isEmpty { try? await connection.send(sent) }
                #expect(await connection.readToEnd() == "")
            }
        }
    }

    @Test func `a body that never ends costs the connection, however often a byte comes`() async throws {
        try await ServerFixture.run(limits: limits { $0.body = .seconds(2) }) { server async throws in
            try await server.connected { connection in
                try await connection.send(String(request(opened).dropLast(4_000)).replacing("Content-Length: ", with: "Content-Length: 1"))
                var sent = 0
                do {
                    while sent < 1_000_000 {
                        try await connection.send(" ")
                        sent += 1
                        await Task.yield()
                    }
                } catch {}
                #expect(sent < 1_000_000)
                #expect(try await server.store.read { try $0.stacks(includingDestroyed: true) }.isEmpty)
            }
        }
    }

    @Test func `a header over the limit is refused`() async throws {
        try await ServerFixture.run { server async throws in
            try await server.connected { connection in
                try await connection.send("GET /healthz HTTP/1.1\r\nHost: x\r\nX-Large: \(String(repeating: "a", count: 40_000))\r\n\r\n")
                #expect(await !connection.readToEnd().contains("200 OK"))
            }
        }
    }

    @Test(arguments: [
        "NONSENSE\r\n\r\n", "GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n", "\u{16}\u{3}\u{1}\u{0}\u{5}", "GET /%zz HTTP/9.9\r\n\r\n",
    ])
    func `what is no HTTP ends the connection and nothing else`(bytes: String) async throws {
        try await ServerFixture.run(limits: limits { $0.idle = .seconds(2) }) { server async throws in
            try await server.connected { connection in
                try? await connection.send(bytes)
                #expect(await !connection.readToEnd().contains("200 OK"))
            }
            try await server.connected { connection in
                try await connection.send(request(opened))
                #expect(try await connection.answer().head.contains("202"))
            }
        }
    }

    @Test func `one sender can't hold all connections`() async throws {
        try await ServerFixture.run(limits: limits { $0.connectionsOfSender = 2 }) { server async throws in
            try await server.connected { first in
                try await first.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
                _ = try await first.answer()
                try await server.connected { second in
                    try await second.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
                    _ = try await second.answer()
                    try await server.connected { third in #expect(await third.readToEnd() == "") }
                }
            }
        }
    }

    @Test func `where all places are taken, the longest idle makes room`() async throws {
        try await ServerFixture.run(limits: limits { $0.connections = 2 }) { server async throws in
            try await server.connected { idle in
                try await idle.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
                _ = try await idle.answer()
                try await server.connected { busy in
                    // In the middle of its request.
                    try await busy.send(String(request(opened).dropLast(10)))
                    while server.service.connections.busyCount == 0 { await Task.yield() }
                    try await server.connected { new in
                        try await new.send(request(opened))
                        #expect(try await new.answer().head.contains("202"))
                    }
                    #expect(await idle.readToEnd() == "")
                    try await busy.send(String(request(opened).suffix(10)))
                    #expect(try await busy.answer().head.contains("202"))
                }
            }
        }
    }

    @Test func `a flood of wrong signatures is slowed down, and a real delivery of the same sender is served`() async throws {
        try await ServerFixture.run { server async throws in
            var last = ""
            for _ in 0..<40 {
                last = try await server.connected { connection in
                    try await connection.send(request(opened, secret: "wrong"))
                    return try await connection.answer().head
                }
            }
            #expect(last.contains("429"))
            #expect(last.firstMatch(of: /(?i)retry-after: \d+/) != nil)
            try await server.connected { connection in
                try await connection.send(request(opened))
                #expect(try await connection.answer().head.contains("202"))
            }
            // Whoever is refused so often loses its connection, too.
            try await server.connected { connection in
                try await connection.send(request(opened, secret: "wrong"))
                #expect(await connection.readToEnd().contains("429"))
            }
            // Time heals it.
            server.clock.advance(by: 600)
            try await server.connected { connection in
                try await connection.send(request(opened, secret: "wrong"))
                #expect(try await connection.answer().head.contains("401"))
            }
        }
    }

    @Test func `behind a trusted proxy each sender counts for itself, and nobody can pretend`() async throws {
        try await ServerFixture.run(trustedProxies: ["127.0.0.1"]) { server async throws in
            func status(from address: String) async throws -> String {
                try await server.connected { connection in
                    try await connection.send(request(opened, secret: "wrong", more: ["X-Forwarded-For": address]))
                    return try await connection.answer().head
                }
            }
            // What the flood writes itself stands before what the proxy adds.
            for number in 0..<40 { _ = try await status(from: "10.1.1.\(number), 203.0.113.9") }
            #expect(try await status(from: "10.9.9.9, 203.0.113.9").contains("429"))
            #expect(try await status(from: "203.0.113.10").contains("401"))
        }
    }

    @Test func `an answer before the end of the body arrives, and the connection ends`() async throws {
        try await ServerFixture.run(limits: limits { $0.body = .seconds(2) }) { server async throws in
            try await server.connected { connection in
                try await connection.send("POST /webhooks/github HTTP/1.1\r\nHost: x\r\nContent-Length: 20000000\r\n\r\nhalf of it")
                let all = await connection.readToEnd()
                #expect(all.contains("401"))
                #expect(all.contains("application/problem+json"))
            }
        }
    }

    @Test func `a graceful stop answers what is under way, and takes nothing new`() async throws {
        try await ServerFixture.run { server async throws in
            let text = request(opened)
            try await server.connected { connection in
                try await connection.send(String(text.dropLast(10)))
                while server.service.connections.busyCount == 0 { await Task.yield() }
                await server.group.triggerGracefulShutdown()
                while (try? await server.connected({ _ in })) != nil { await Task.yield() }
                try await connection.send(String(text.suffix(10)))
                #expect(try await connection.answer().head.contains("202"))
                #expect(await connection.readToEnd() == "")
            }
            #expect(try await server.store.read { try $0.stack(Samples.stackName()) }?.wanted == .running)
        }
    }
}
