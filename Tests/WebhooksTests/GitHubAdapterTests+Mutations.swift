import Foundation
import StagingModel
import Testing

@testable import Webhooks

/// Thousands of broken payloads, the same ones in each run: each is a message within its bounds or a 400, and none a crash.
extension GitHubAdapterTests {
    /// The fields that are read, and few others, so that most mutations hit one.
    private static func payload() throws -> JSONValue {
        func only(_ keys: String..., in value: JSONValue?) -> JSONValue {
            .object((value?.object ?? [:]).filter { keys.contains($0.key) })
        }
        let opened = try GitHubFixture.opened()
        var pullRequest = only("number", "title", "user", "labels", "html_url", "draft", "merged", "updated_at", in: opened["pull_request"])
        pullRequest["user"] = only("login", in: opened["pull_request"]?["user"])
        for side in ["head", "base"] {
            let branch = opened["pull_request"]?[side]
            pullRequest[side] = only("ref", "sha", in: branch)
            pullRequest[side] = pullRequest[side]?.with("repo", only("id", "full_name", in: branch?["repo"]))
        }
        return [
            "action": "opened", "number": 42, "pull_request": pullRequest, "repository": only("id", "full_name", in: opened["repository"]),
        ]
    }

    /// True when it was accepted.
    private func check(_ body: [UInt8]) -> Bool {
        do {
            let message = try GitHubAdapter().message(in: GitHubFixture.delivery(body))
            guard case .pullRequest(let event) = message else { return true }
            let pullRequest = event.pullRequest
            #expect((1...9_999_999_999).contains(pullRequest.number))
            #expect(pullRequest.labels.count <= 100)
            for text in [pullRequest.title, pullRequest.author, pullRequest.branch, pullRequest.base] + pullRequest.labels {
                #expect(text.unicodeScalars.count <= 1_024)
                #expect(!text.unicodeScalars.contains { $0.properties.generalCategory == .control })
            }
            #expect(pullRequest.url.isEmpty || pullRequest.url.lowercased().hasPrefix("http"))
            return true
        } catch {
            #expect(error.status == 400)
            #expect(error.description.utf8.count < 300)
            return false
        }
    }

    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func brokenBytes(seed: UInt64) throws {
        var random = SeededGenerator(state: seed)
        let body = try Self.payload().canonicalBytes
        let pieces = [
            "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u0000", "\\ud800", "null", "true", "-1", "1e999", "\u{0}", "\u{FEFF}", "𝄞",
        ]
        var accepted = 0
        for _ in 0..<1_000 {
            var broken = body
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let index = Int.random(in: 0..<broken.count, using: &random)
                switch Int.random(in: 0..<5, using: &random) {
                case 0: broken[index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
                case 1: broken[index] = UInt8.random(in: 0...255, using: &random)
                case 2: broken.removeSubrange(index..<min(broken.count, index + Int.random(in: 1...20, using: &random)))
                case 3: broken.insert(contentsOf: Array((pieces.randomElement(using: &random) ?? "").utf8), at: index)
                default: broken.insert(contentsOf: broken[index..<min(broken.count, index + 40)], at: index)
                }
            }
            if check(broken) { accepted += 1 }
        }
        #expect(accepted > 0 && accepted < 1_000)
    }

    @Test(arguments: [5, 6, 7, 8] as [UInt64])
    func brokenValues(seed: UInt64) throws {
        var random = SeededGenerator(state: seed)
        let payload = try Self.payload()
        var accepted = 0
        for _ in 0..<1_000 {
            if check(mutated(payload, using: &random).canonicalBytes) { accepted += 1 }
        }
        #expect(accepted > 0 && accepted < 1_000)
    }

    private func mutated(_ value: JSONValue, using random: inout SeededGenerator) -> JSONValue {
        let others: [JSONValue] = [
            .null, true, 0, -1, .integer(.max), .integer(.min), .number(1.5), .number(1e300), "", "\u{0}", "\u{202E}x", [], [:], [[]],
            [.null],
            .string(String(repeating: "\u{301}", count: 3_000)), "2026-11-21T08:00:00Z", "9999999999-99-99T99:99:99Z", "http://[::1", "a/b",
        ]
        if Int.random(in: 0..<12, using: &random) == 0 { return others.randomElement(using: &random) ?? .null }
        switch value {
        case .object(var fields):
            guard let key = fields.keys.sorted().randomElement(using: &random) else { return value }
            fields[key] = Int.random(in: 0..<12, using: &random) == 0 ? nil : mutated(fields[key] ?? .null, using: &random)
            return .object(fields)
        case .array(var items):
            guard let index = items.indices.randomElement(using: &random) else { return value }
            items[index] = mutated(items[index], using: &random)
            return .array(items)
        case .string(let text) where !text.isEmpty && Bool.random(using: &random):
            return .string(String(text.shuffled(using: &random)))
        default:
            return others.randomElement(using: &random) ?? .null
        }
    }
}
