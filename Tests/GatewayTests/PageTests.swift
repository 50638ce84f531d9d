import Foundation
import Orchestration
import SlingshotTestSupport
import StagingModel
import Testing

@testable import Gateway

@Suite struct PageTests {
    let template: PageTemplate

    init() throws { template = try PageTemplate() }

    func event(_ kind: StackEvent.Kind, _ message: String, after seconds: TimeInterval) -> StackEvent {
        StackEvent(stack: Samples.stackName(), at: Samples.start.addingTimeInterval(seconds), kind: kind, name: "x", message: message)
    }

    @Test func `whatever strangers write is text`() {
        let hostile = "<img src=x onerror=alert(1)>\"' {{heading}} {{{heading}}} ${{ pr.title }} </main>"
        let stack = Samples.stack {
            $0.pullRequest.title = hostile
            $0.pullRequest.author = hostile
            $0.pullRequest.url = "javascript:alert(1)"
            $0.message = hostile
        }
        let html = template.page(PageView(stack, events: [event(.failure, hostile, after: 0)]))
        #expect(!html.contains("<img"))
        #expect(!html.contains("javascript:"))
        #expect(html.contains("&lt;img src=x onerror=alert(1)&gt;"))
        #expect(html.contains("{{heading}} {{{heading}}} ${{ pr.title }}"))
        #expect(html.components(separatedBy: "</main>").count == 2)
        #expect(html.components(separatedBy: "<script").count == 2)
    }

    @Test func `the steps have their times`() {
        let events = [event(.delivery, "delivered", after: 0), event(.step, "deploying aaaaaaa", after: 75)]
        let view = PageView(Samples.stack { $0.phase = .deploying }, events: events)
        #expect(view.lines.map(\.offset) == ["+0s", "+1m15s"])
        #expect(view.lines.map(\.time) == ["00:00:00", "00:01:15"])
        #expect(template.page(view).contains("<td>deploying aaaaaaa</td>"))
        #expect(template.page(view).contains("data-mode=\"live\""))
    }

    @Test func `only the last steps are shown`() {
        let events = (0..<100).map { event(.step, "step \($0)", after: TimeInterval($0)) }
        let view = PageView(Samples.stack(), events: events)
        #expect(view.lines.count == PageView.mostLines)
        #expect(view.lines.last?.message == "step 99")
    }

    @Test(
        arguments: [
            (Phase.queued, 503, "stack-not-ready", 5), (.deploying, 503, "stack-not-ready", 5), (.failed, 503, "stack-failed", 30),
            (.destroying, 503, "stack-destroying", 5), (.destroyed, 410, "stack-destroyed", nil),
        ] as [(Phase, Int, String, Int?)]) func phases(phase: Phase, status: Int, code: String, retryAfter: Int?)
    {
        let view = PageView(
            Samples.stack {
                $0.phase = phase
                if phase == .destroyed { $0.wanted = .gone(.expired) }
            }, events: [])
        #expect(view.status == status)
        #expect(view.code == code)
        #expect(view.retryAfter == retryAfter)
        #expect(view.problem["code"] == .string(code))
        #expect(view.problem["phase"] == .string(phase.rawValue))
    }

    @Test func `a destroyed stack says when, why, and how to have it again`() {
        let view = PageView(
            Samples.stack {
                $0.phase = .destroyed
                $0.wanted = .gone(.expired)
                $0.updatedAt = Samples.start.addingTimeInterval(86_400)
            }, events: [])
        #expect(view.message == "It was destroyed on 2026-01-02T00:00:00Z, because its lease had ended.")
        #expect(view.hint.contains("slingshot create shop 7"))
    }
}
