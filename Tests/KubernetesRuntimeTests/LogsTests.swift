import Foundation
import Orchestration
import StagingModel
import Testing

@testable import KubernetesRuntime

/// Which containers' lines are meant, and how they are cut and sorted.
@Suite struct LogsTests {
    private static let run = ContainerRun(pod: "p", uid: "u", container: "c", restarts: 0)

    @Test(arguments: [
        ("2026-01-01T00:00:00.123456789Z hello world", "2026-01-01T00:00:00.123456789Z", "hello world"),
        ("2026-01-01T00:00:00Z ", "2026-01-01T00:00:00Z", ""), ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", ""),
    ])
    func theTimeIsTakenOff(text: String, time: String, rest: String) {
        var reader = LogLineReader(Self.run)
        #expect(reader.lines(text) == [LogLine(pod: "p", container: "c", time: time, text: rest)])
    }

    @Test(arguments: ["rpc error: container not found", "", "2026-01-01 hello", "2026-01-01T00:00:00 hello"])
    func whatIsNoContainersIsLeftOut(text: String) {
        var reader = LogLineReader(Self.run)
        #expect(reader.lines(text).isEmpty)
    }

    /// The client has cut it already, so that only the first piece has a time.
    @Test func aLongLineIsCutBetweenCharacters() {
        var reader = LogLineReader(Self.run)
        let first = String(repeating: "ä", count: 32 << 10)
        let lines = reader.lines("2026-01-01T00:00:00Z a\(first)") + reader.lines("last")
        #expect(lines.count == 6)
        #expect(lines.map(\.text).joined() == "a\(first)last")
        #expect(lines.allSatisfy { $0.text.utf8.count <= 16 << 10 })
        #expect(lines.allSatisfy { $0.time == "2026-01-01T00:00:00Z" })
        #expect(reader.lines("more").isEmpty)
    }

    @Test(arguments: [
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z"), ("2026-01-01T00:00:00.1Z", "2026-01-01T00:00:00.12Z"),
        ("2026-01-01T00:00:00.12Z", "2026-01-01T00:00:00.2Z"), ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00.000000001Z"),
        ("", "2026-01-01T00:00:00Z"),
    ])
    func timesSortWhateverTheirDigits(earlier: String, later: String) {
        #expect(TimeKey(earlier, 9) < TimeKey(later, 0))
        #expect(TimeKey(later, 0) > TimeKey(earlier, 9))
        #expect(TimeKey(later, 0) < TimeKey(later, 1))
    }

    @Test func aServiceMeansThePodsThatItSelects() throws {
        let pod = try PodFixture(phase: "Running", state: PodFixture.running).pod()
        #expect(LoggedPods(query: LogQuery(service: "any"), selector: ["pod-template-hash": "abc"]).matches(pod))
        #expect(!LoggedPods(query: LogQuery(service: "any"), selector: ["pod-template-hash": "abc", "app": "web"]).matches(pod))
        #expect(LoggedPods(query: LogQuery(service: "web"), selector: nil).matches(pod))
        #expect(!LoggedPods(query: LogQuery(service: "db"), selector: nil).matches(pod))
        #expect(LoggedPods(query: LogQuery(), selector: nil).matches(pod))
    }

    @Test(arguments: [
        (PodFixture(), false, 0), (PodFixture(phase: "Running", state: PodFixture.running), false, 1),
        (PodFixture(phase: "Running", state: PodFixture.running), true, 0),
        (PodFixture(phase: "Running", state: PodFixture.running, restarts: 1), true, 1),
        (PodFixture(phase: "Running", state: PodFixture.waiting("CrashLoopBackOff"), restarts: 2), false, 1),
        (PodFixture(state: PodFixture.ended(0), isInit: true), false, 1),
    ])
    func onlyWhatHasBegunHasALog(fixture: PodFixture, previous: Bool, count: Int) throws {
        #expect(LoggedPods(query: LogQuery(previous: previous), selector: nil).begun(of: try fixture.pod()).count == count)
    }

    @Test func tooManyContainersAreRefused() throws {
        let pods = try (0...KubernetesRuntime.mostContainers).map {
            try PodFixture(name: "web-\($0)", phase: "Running", state: PodFixture.running).pod()
        }
        let error = #expect(throws: StepError.self) { try LoggedPods(query: LogQuery(), selector: nil).runs(of: pods) }
        #expect(error?.message == "61 containers, and 60 are read at once; name a service, or a container")
        #expect(try LoggedPods(query: LogQuery(), selector: nil).runs(of: Array(pods.dropLast())).count == 60)
    }
}
