import Foundation
import Orchestration
import SlingshotTestSupport
import StagingModel
import Synchronization
import Testing

@testable import Gateway

@Suite struct LogTailTests {
    let name = Samples.stackName()
    let clock = TestClock(now: Samples.start)

    func line(_ text: String) -> LogLine { LogLine(pod: "web", container: "web", time: "", text: text) }

    @Test func `engines are asked every two seconds at most, and what is known stays when they say nothing`() async {
        let answers = Mutex<[[LogLine]?]>([[line("one")], nil, [line("two")]])
        let tail = LogTail(source: { _ in answers.withLock { $0.isEmpty ? nil : $0.removeFirst() } }, clock: clock)
        #expect(await tail.lines(of: name) == [])
        #expect(await tail.refresh(name))
        #expect(await tail.lines(of: name).map(\.text) == ["one"])
        #expect(await !tail.refresh(name))
        #expect(answers.withLock { $0.count } == 2)
        clock.advance(by: LogTail.pause)
        #expect(await !tail.refresh(name))
        #expect(await tail.lines(of: name).map(\.text) == ["one"])
        clock.advance(by: LogTail.pause)
        #expect(await tail.refresh(name))
        #expect(await tail.lines(of: name).map(\.text) == ["two"])
    }

    @Test func `an engine that does not answer holds nobody up`() async {
        let (held, release) = AsyncStream.makeStream(of: Never.self)
        defer { release.finish() }
        let tail = LogTail(
            source: { _ in
                for await _ in held {}
                return nil
            }, clock: clock)
        await withTaskGroup(of: Bool.self) { group in
            group.addTask { await tail.refresh(name) }
            while clock.nextWake == nil { await Task.yield() }
            // Meanwhile pages get what there is, and who else looks asks nobody.
            #expect(await tail.lines(of: name) == [])
            #expect(await !tail.refresh(name))
            clock.advance(by: LogTail.patience)
            #expect(await group.next() == false)
        }
    }

    @Test func `what nobody looks at is forgotten`() async {
        let tail = LogTail(source: { [LogLine(pod: "web", container: "web", time: "", text: "of \($0)")] }, clock: clock)
        #expect(await tail.refresh(name))
        clock.advance(by: 61)
        #expect(await tail.refresh(Samples.stackName("shop-8")))
        #expect(await tail.lines(of: name) == [])
    }
}
