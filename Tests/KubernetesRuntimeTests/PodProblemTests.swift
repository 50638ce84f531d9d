import Testing

@testable import KubernetesRuntime

/// What is said to be wrong with a pod.
@Suite struct PodProblemTests {
    private func problem(_ fixture: PodFixture) throws -> PodProblem? {
        let pod = try fixture.pod()
        let problems = pod.problems(pullErrors: pod.pullErrors)
        #expect(problems.count <= 1)
        return problems.first
    }

    private static let short = PodProblem.shortPatience
    private static let usual = PodProblem.usualPatience

    @Test(arguments: [
        (PodFixture.waiting("ImagePullBackOff", "Back-off pulling image"), #"container "app": the image "shop:1" can't be pulled"#, 330),
        (
            // Kubernetes 1.32
            PodFixture.waiting(
                "ImagePullBackOff", #"Back-off pulling image \"shop:1\": ErrImagePull: rpc error: resolve \"shop:1\": shop:1: not found"#),
            #"container "app": the image "shop:1" can't be pulled: shop:1: not found"#, short
        ),
        (
            PodFixture.waiting("ErrImagePull", #"rpc error: failed to resolve reference \"shop:1\": shop:1: not found"#),
            #"container "app": the image "shop:1" can't be pulled: shop:1: not found"#, short
        ),
        (
            PodFixture.waiting("ErrImageNeverPull", "not present with pull policy of Never"),
            #"container "app": the image "shop:1" can't be pulled: not present with pull policy of Never"#, short
        ),
        (PodFixture.waiting("InvalidImageName"), #"container "app": the image "shop:1" can't be pulled"#, short),
        (
            PodFixture.waiting("CreateContainerConfigError", #"secret \"shop\" not found"#),
            #"container "app" can't start: CreateContainerConfigError: secret "shop" not found"#, short
        ),
        (
            PodFixture.waiting("CreateContainerConfigError", "failed to sync configmap cache: timed out waiting for the condition"),
            #"container "app" can't start: CreateContainerConfigError: failed to sync configmap cache: timed out waiting for the condition"#,
            usual
        ),
        (PodFixture.waiting("CreateContainerError", "x"), #"container "app" can't start: CreateContainerError: x"#, usual),
    ])
    func aWaitingContainerSaysWhy(state: String, text: String, patience: Double) throws {
        let problem = try problem(PodFixture(state: state))
        #expect(problem?.subject == "Deployment/web")
        #expect(problem?.text == text)
        #expect(problem?.patience == patience)
        #expect(problem?.log == nil)
    }

    @Test(arguments: [
        (PodFixture.waiting("CrashLoopBackOff"), PodFixture.ended(1), 1, #"container "app" keeps crashing (exit code 1)"#, false),
        (
            PodFixture.waiting("CrashLoopBackOff"), PodFixture.ended(0, "Completed"), 1, #"container "app" keeps crashing (exit code 0)"#,
            false
        ),
        (
            PodFixture.waiting("CrashLoopBackOff"), PodFixture.ended(137, "OOMKilled"), 1,
            #"container "app" keeps crashing (out of memory: it needs a higher limit)"#, false
        ),
        (PodFixture.ended(2), "{}", 1, #"container "app" keeps crashing (exit code 2)"#, false),
        (PodFixture.running, PodFixture.ended(2), 2, #"container "app" keeps crashing (exit code 2)"#, true),
    ])
    func aCrashSaysHowAndWhereToRead(state: String, last: String, restarts: Int, text: String, previous: Bool) throws {
        let problem = try problem(PodFixture(phase: "Running", state: state, lastState: last, restarts: restarts))
        #expect(problem?.text == text)
        #expect(problem?.log == .init(pod: "web-abc-1", container: "app", previous: previous))
    }

    @Test func anInitContainerIsLookedAtToo() throws {
        let fixture = PodFixture(state: PodFixture.waiting("CrashLoopBackOff"), lastState: PodFixture.ended(1), restarts: 1, isInit: true)
        #expect(try problem(fixture)?.text == #"container "app" keeps crashing (exit code 1)"#)
    }

    @Test func aNodeThatIsMissingIsTold() throws {
        let condition = #"{"type":"PodScheduled","status":"False","reason":"Unschedulable","message":"0/1 nodes are available"}"#
        #expect(try problem(PodFixture(conditions: condition))?.text == "no node can run it: 0/1 nodes are available")
    }

    @Test func aJobsFailureIsAResult() throws {
        let job = #"{"kind":"Job","name":"seed","uid":"j","controller":true}"#
        let problem = try problem(PodFixture(restartPolicy: "Never", owner: job, phase: "Failed", state: PodFixture.ended(4)))
        #expect(problem?.subject == "Job/seed")
        #expect(problem?.text == #"container "app" failed (exit code 4)"#)
    }

    /// Pods that are on their way, going, done, or replaced.
    @Test(arguments: [
        PodFixture(), PodFixture(state: PodFixture.waiting("PodInitializing")), PodFixture(phase: "Running", state: PodFixture.running),
        PodFixture(phase: "Running", state: PodFixture.running, lastState: PodFixture.ended(1), restarts: 1),
        PodFixture(phase: "Running", state: PodFixture.running, lastState: PodFixture.ended(1), restarts: 9, ready: true),
        PodFixture(deleted: true, state: PodFixture.waiting("ImagePullBackOff")),
        PodFixture(phase: "Succeeded", state: PodFixture.ended(0)),
        PodFixture(phase: "Failed", state: PodFixture.ended(137), restarts: 1), PodFixture(state: PodFixture.ended(0), isInit: true),
    ])
    func nothingIsWrong(fixture: PodFixture) throws { #expect(try problem(fixture) == nil) }

    @Test(arguments: [
        (PodFixture(), "Deployment/web"), (PodFixture(owner: nil), "Pod/web-abc-1"),
        (PodFixture(owner: #"{"kind":"StatefulSet","name":"db","uid":"s","controller":true}"#), "StatefulSet/db"),
        (PodFixture(hash: "other"), "ReplicaSet/web-abc"), (PodFixture(owner: #"{"kind":"Thing","name":"t","uid":"t"}"#), "Pod/web-abc-1"),
    ])
    func theOwnerIsTheOneThatPeopleKnow(fixture: PodFixture, owner: String) throws { #expect(try fixture.pod().owner == owner) }

    @Test(arguments: [
        (PodFixture(deleted: true, state: PodFixture.ended(137)), true), (PodFixture(deleted: true), true),
        (PodFixture(deleted: true, state: PodFixture.running), false), (PodFixture(state: PodFixture.ended(0)), false),
    ])
    func aPodHasEndedWhenNothingOfItRuns(fixture: PodFixture, hasEnded: Bool) throws { #expect(try fixture.pod().hasEnded == hasEnded) }
}
