import StagingModel
import Testing

@testable import Gateway

@Suite struct LogExcerptTests {
    @Test func `only the last are kept`() {
        let many = (0..<100).map { LogLine(pod: "web-1", container: "web", time: "", text: "line \($0)") }
        let lines = LogExcerpt.lines(many)
        #expect(lines.count == LogExcerpt.mostLines)
        #expect(lines.last?.text == "line 99")
    }

    @Test func `who wrote a line is told where it can be more than one`() {
        let web = LogLine(pod: "web-1", container: "web", time: "", text: "a")
        let build = LogLine(pod: "build", container: "build", time: "", text: "b")
        #expect(LogExcerpt.lines([web, web]).map(\.source) == ["", ""])
        #expect(LogExcerpt.lines([web, build]).map(\.source) == ["web", "build"])
        let other = LogLine(pod: "web-2", container: "web", time: "", text: "c")
        #expect(LogExcerpt.lines([web, other, build]).map(\.source) == ["web-1/web", "web-2/web", "build"])
    }
}
