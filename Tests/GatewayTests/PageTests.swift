import Foundation
import Orchestration
import SlingshotTestSupport
import StagingModel
import Testing

@testable import Gateway

@Suite struct PageTests {
    let template: PageTemplate

    init() throws { template = try PageTemplate() }

    func event(_ kind: StackEvent.Kind, _ message: String, after seconds: TimeInterval, name: String = "x") -> StackEvent {
        StackEvent(stack: Samples.stackName(), at: Samples.start.addingTimeInterval(seconds), kind: kind, name: name, message: message)
    }

    @Test func `whatever strangers write is text`() {
        let hostile = "<img src=x onerror=alert(1)>\"' {{heading}} {{{heading}}} ${{ pr.title }} </main>"
        let stack = Samples.stack {
            $0.pullRequest.title = hostile
            $0.pullRequest.author = hostile
            $0.pullRequest.url = "javascript:alert(1)"
            $0.message = hostile
        }
        let line = LogLine(pod: hostile, container: hostile, time: "", text: hostile)
        let lines = LogExcerpt.lines([line, LogLine(pod: "web", container: "web", time: "", text: "other")])
        let html = template.page(PageView(stack, events: [event(.failure, hostile, after: 0)], log: lines, at: Samples.start))
        #expect(!html.contains("<img"))
        #expect(!html.contains("javascript:"))
        #expect(html.contains("&lt;img src=x onerror=alert(1)&gt;"))
        #expect(html.contains("{{heading}} {{{heading}}} ${{ pr.title }}"))
        #expect(html.components(separatedBy: "</main>").count == 2)
        #expect(html.components(separatedBy: "<script").count == 2)
    }

    @Test func `steps have their times, and become their outcomes`() {
        let events = [
            event(.delivery, "delivered", after: 0, name: "opened"), event(.step, "fetching", after: 0, name: "fetch"),
            event(.outcome, "fetched \(Samples.commit("a"))", after: 2, name: "fetch"),
            event(.step, "deploying aaaaaaa", after: 2, name: "deploy"),
            event(.failure, "the token lacks a right", after: 9, name: StackEvent.feedback),
            event(.step, "waiting: web", after: 62, name: "progress"), event(.failure, "web crashed", after: 65, name: "not-ready"),
            event(.step, "waiting: web", after: 70, name: "progress"),
        ]
        func rows(_ isUnderWay: Bool) -> [String] {
            PageView.steps(events, isUnderWay: isUnderWay, at: Samples.start.addingTimeInterval(75)).map {
                "\($0.time) \($0.kind) \($0.message) \($0.seconds.map { "\($0)s" } ?? "")"
            }
        }
        let past = [
            "00:00:00 note delivered ", "00:00:00 outcome fetched aaaaaaa 2s", "00:00:02 outcome deploying aaaaaaa 60s",
            "00:01:02 outcome waiting: web 3s", "00:01:05 failure web crashed ",
        ]
        #expect(rows(true) == past + ["00:01:10 running waiting: web 5s"])
        #expect(rows(false) == past + ["00:01:10 outcome waiting: web "])
        let html = template.page(
            PageView(
                Samples.stack { $0.phase = .deploying }, events: events, log: [], at: Samples.start.addingTimeInterval(75)))
        #expect(html.contains("<span>waiting: web</span><span class=\"took\" data-seconds=\"5\">5s</span>"))
        #expect(html.contains("data-mode=\"live\""))
        #expect(html.contains("<li class=\"current\" aria-current=\"step\">Deploying"))
        #expect(html.contains("<span>deploying aaaaaaa</span><span class=\"took\">1m</span>"))
    }

    @Test func `only the last steps are shown`() {
        let events = (0..<100).map { event(.request, "step \($0)", after: TimeInterval($0)) }
        let steps = PageView.steps(events, isUnderWay: true, at: Samples.start)
        #expect(steps.count == PageView.mostSteps)
        #expect(steps.last?.message == "step 99")
    }

    @Test(
        arguments: [
            (.queued, nil, false, "current pending pending"), (.deploying, nil, false, "done current pending"),
            (.building, nil, false, "done current pending pending"), (.deploying, nil, true, "done done current pending"),
            (.ready, nil, false, "done done done"), (.failed, "fetch", false, "failed pending pending"),
            (.failed, "build", false, "done failed pending pending"), (.failed, "deploy", true, "done done failed pending"),
            (.failed, nil, false, "done failed pending"), (.destroying, nil, false, ""),
        ] as [(Phase, String?, Bool, String)]) func stages(phase: Phase, failure: String?, built: Bool, expected: String)
    {
        let stack = Samples.stack {
            $0.phase = phase
            $0.failure = failure.map { .init(step: $0, message: "", attempts: 1, retryAt: nil) }
        }
        let stages = PageView.stages(of: stack, events: built ? [event(.outcome, "built", after: 0, name: "build")] : [])
        #expect(stages.map(\.state.rawValue).joined(separator: " ") == expected)
    }

    @Test(
        arguments: [
            (86_400, "on 2 January 2026 at 00:00 UTC, in 24 hours, unless"), (86_399, "in 24 hours"), (7_199, "in 2 hours"),
            (7_100, "in 118 minutes"), (61, "in 1 minute, "),
            (29, "in less than a minute"), (3 * 86_400 - 1, "in 3 days"),
        ]) func `the end of its time in words`(seconds: Int, expected: String)
    {
        let stack = Samples.stack { $0.lease.expiresAt = Samples.start.addingTimeInterval(TimeInterval(seconds)) }
        let view = PageView(stack, events: [], log: [], at: Samples.start)
        #expect(view.end.contains(expected), "\(view.end)")
        #expect(PageView.unreachable(stack, at: Samples.start).end == view.end)
    }

    @Test func `who never ends, and whose end has passed, says so`() {
        let pinned = PageView(Samples.stack { $0.lease.expiresAt = nil }, events: [], log: [], at: Samples.start)
        #expect(pinned.end == "It is pinned: it stays until its pull request is closed.")
        let over = PageView(Samples.stack { $0.lease.expiresAt = Samples.start }, events: [], log: [], at: Samples.start)
        #expect(over.end == "Its time is over; it will be destroyed.")
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
            }, events: [], log: [], at: Samples.start)
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
            }, events: [], log: [], at: Samples.start)
        #expect(view.message == "It was destroyed on 2 January 2026 at 00:00 UTC, because its lease had ended.")
        #expect(view.end == "")
        #expect(view.log == nil)
        #expect(view.command == "slingshot create shop 7")
        #expect(template.page(view).contains("<code>slingshot create shop 7</code>"))
    }
}
