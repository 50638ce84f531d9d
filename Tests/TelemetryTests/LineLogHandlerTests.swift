import Foundation
import Logging
import Synchronization
import Telemetry
import Testing

@Suite struct LineLogHandlerTests {
    private final class Lines: Sendable {
        let all = Mutex<[String]>([])
    }

    private func logged(_ format: LineLogHandler.Format, level: Logger.Level = .info, _ body: (Logger) async throws -> Void) async rethrows
        -> [String]
    {
        let lines = Lines()
        let handler = LineLogHandler(format: format, level: level) { line in lines.all.withLock { $0.append(line) } }
        try await body(Logger(label: "test") { _ in handler })
        return lines.all.withLock { $0 }
    }

    @Test func `a line of text has time, level, message and sorted fields`() async throws {
        let lines = await logged(.text) {
            $0.warning("step failed", metadata: ["step": "fetch", "error": "no answer", "retryable": "true"])
        }
        let line = try #require(lines.first)
        #expect(lines.count == 1)
        #expect(
            line.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z warning  step failed error="no answer" retryable=true step=fetch\n/)
                != nil, "\(line)")
    }

    @Test func `a line of JSON is one object`() async throws {
        let lines = await logged(.json) {
            $0.info("a \"delivery\"", metadata: ["forge": "github", "level": "x", "list": ["a", "b"], "map": ["k": "v"]])
        }
        let line = try #require(lines.first)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        #expect(object["message"] as? String == "a \"delivery\"")
        #expect(object["level"] as? String == "info")
        #expect(object["level_"] as? String == "x")
        #expect(object["list"] as? [String] == ["a", "b"])
        #expect(object["map"] as? [String: String] == ["k": "v"])
        #expect(object["time"] as? String != nil)
    }

    @Test(arguments: LineLogHandler.Format.allCases)
    func `what a stranger wrote stays within its line and harmless`(format: LineLogHandler.Format) async throws {
        let title = "x\n2026-01-01T00:00:00Z info forged\r\u{1B}[31m\u{202E}\u{2028}\u{0}\u{7F}\u{9B}"
        let lines = await logged(format) { $0.info("delivery", metadata: ["title": "\(title)"]) }
        let line = try #require(lines.first)
        #expect(line.hasSuffix("\n"))
        let inside = line.dropLast().unicodeScalars
        #expect(
            !inside.contains { $0.properties.generalCategory == .control || $0.properties.generalCategory == .format || $0 == "\u{2028}" })
        if format == .json {
            let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            #expect(object["title"] as? String == title)
        }
    }

    @Test(arguments: LineLogHandler.Format.allCases)
    func `an endless value is cut`(format: LineLogHandler.Format) async throws {
        let lines = await logged(format) { $0.info("m", metadata: ["e": "\(String(repeating: "é", count: 1 << 20))"]) }
        let line = try #require(lines.first)
        #expect(line.utf8.count < 10_000)
    }

    @Test func `the scope of the task is on each line, and the nearest wins`() async {
        let lines = await logged(.text) { logger in
            await LogScope.with(["request": "r1", "stack": "shop-1"]) {
                await LogScope.with(["stack": "shop-7"]) { logger.info("in") }
                logger.info("named", metadata: ["request": "r2"])
            }
            logger.info("out")
        }
        #expect(lines.count == 3)
        #expect(lines[0].hasSuffix("in request=r1 stack=shop-7\n"))
        #expect(lines[1].hasSuffix("named request=r2 stack=shop-1\n"))
        #expect(lines[2].hasSuffix("out\n"))
    }

    @Test func `what is below the level is not written`() async {
        #expect(await logged(.text, level: .warning) { $0.info("quiet") }.isEmpty)
    }
}
