import Foundation
import KubernetesClient
import StagingModel
import Testing

@testable import KubernetesRuntime

/// What follows from the workloads and pods of a stack.
@Suite struct StackStateTests {
    private let start = Date(timeIntervalSince1970: 1_800_000_000)
    private func at(_ seconds: Double) -> Date { start.addingTimeInterval(seconds) }

    private func deployment(ready: Int = 0, name: String = "web", conditions: String = "") throws -> Deployment {
        let available = #"{"type":"Available","status":"\#(ready > 0 ? "True" : "False")"}"#
        let json = """
            {"metadata":{"name":"\(name)","uid":"\(name)"},"spec":{"replicas":1},
             "status":{"replicas":1,"updatedReplicas":1,"readyReplicas":\(ready),"availableReplicas":\(ready),
              "conditions":[\(available)\(conditions)]}}
            """
        return try JSONDecoder().decode(Deployment.self, from: Data(json.utf8))
    }

    private func claim(_ phase: String) throws -> PersistentVolumeClaim {
        let json = #"{"metadata":{"name":"data","uid":"c"},"status":{"phase":"\#(phase)"}}"#
        return try JSONDecoder().decode(PersistentVolumeClaim.self, from: Data(json.utf8))
    }

    /// A state in which all was listed.
    private func state(_ deployments: [Deployment] = [], pods: [PodFixture] = [], claims: [PersistentVolumeClaim] = []) throws -> StackState
    {
        var state = StackState(kinds: [Deployment.kind, PersistentVolumeClaim.kind])
        state.merge(.listed(deployments))
        state.merge(.listed(claims))
        state.merge(CollectionChange.listed(try pods.map { try $0.pod() }))
        return state
    }

    private let crash = PodFixture(
        phase: "Running", state: PodFixture.waiting("CrashLoopBackOff"), lastState: PodFixture.ended(1), restarts: 1)
    private let noImage = PodFixture(state: PodFixture.waiting("ImagePullBackOff"))

    @Test func nothingIsSaidBeforeAllIsListed() throws {
        var state = StackState(kinds: [Deployment.kind])
        state.merge(CollectionChange<Pod>.listed([]))
        #expect(state.verdict(at: start)?.readiness == nil)
        state.merge(CollectionChange<Deployment>.listed([]))
        #expect(state.verdict(at: start)?.readiness == .ready)
    }

    @Test func aWorkloadIsFollowedToReady() throws {
        var state = try state([deployment()], pods: [PodFixture(phase: "Running", state: PodFixture.running)])
        let text = "Deployment/web: 0 of 1 ready (running, but not ready by its probe: app)"
        #expect(state.verdict(at: start)?.readiness == .progressing(text))
        state.merge(.updated(try PodFixture(phase: "Running", state: PodFixture.running, ready: true).pod()))
        state.merge(.updated(try deployment(ready: 1)))
        #expect(state.verdict(at: start)?.readiness == .ready)
        state.merge(.updated(try deployment(name: "api")))
        #expect(state.verdict(at: start)?.readiness == .progressing("Deployment/api: 0 of 1 ready"))
        state.merge(.removed(try deployment(name: "api")))
        #expect(state.verdict(at: start)?.readiness == .ready)
    }

    @Test func aProblemCountsWhenItHasLasted() throws {
        var state = try state([deployment()], pods: [crash])
        let first = state.verdict(at: start)
        #expect(first?.readiness == .progressing("Deployment/web: 0 of 1 ready"))
        #expect(first?.changesAt == at(15))
        #expect(state.verdict(at: at(14.9))?.readiness == .progressing("Deployment/web: 0 of 1 ready"))
        let last = state.verdict(at: at(15))
        #expect(last?.readiness == .failing(#"Deployment/web: container "app" keeps crashing (exit code 1)"#))
        #expect(last?.problems.count == 1)
        #expect(last?.changesAt == nil)
    }

    @Test func aMissingImageCountsSoon() throws {
        var state = try state([deployment()], pods: [PodFixture(state: PodFixture.waiting("ErrImagePull", "denied"))])
        #expect(state.verdict(at: start)?.changesAt == at(2))
        #expect(
            state.verdict(at: at(2))?.readiness == .failing(#"Deployment/web: container "app": the image "shop:1" can't be pulled: denied"#)
        )
    }

    /// Who looks between two of kubelet's tries (after a restart, for one) learns the reason with the next, and judges nothing before.
    @Test func whyAnImageCantBePulledIsFoundOutFirst() throws {
        func pods(_ state: String) -> [PodFixture] { [PodFixture(created: "2027-01-15T08:00:00Z", state: state)] }
        let text = #"Deployment/web: container "app": the image "shop:1" can't be pulled"#
        var state = try state([deployment(conditions: Self.late)], pods: pods(PodFixture.waiting("ImagePullBackOff")))
        let open = state.verdict(at: at(5))
        #expect(open?.readiness == .progressing(text) && open?.isOpen == true && open?.changesAt == at(30))
        #expect(state.verdict(at: at(30))?.stale.map(\.name) == ["web-abc-1"])
        #expect(state.verdict(at: at(334.9))?.isOpen == true)
        #expect(state.verdict(at: at(335))?.readiness == .failing(text))
        state.merge(.updated(try pods(PodFixture.waiting("ErrImagePull", "shop:1: not found"))[0].pod()))
        #expect(state.verdict(at: at(340))?.readiness == .waitingForImage("\(text): shop:1: not found"))
    }

    private static let late = #",{"type":"Progressing","status":"False","reason":"ProgressDeadlineExceeded"}"#

    /// A Deployment's own patience (10 min) is shorter, and its pod is replaced again and again meanwhile.
    @Test func anImageIsAwaitedForLongerThanADeploymentWaits() throws {
        let absent = PodFixture(state: PodFixture.waiting("ErrImagePull", "shop:1: not found"))
        var state = try state([deployment(conditions: Self.late)], pods: [absent])
        let text = #"Deployment/web: container "app": the image "shop:1" can't be pulled: shop:1: not found"#
        #expect(state.verdict(at: start)?.readiness == .waitingForImage(text))
        state.merge(.removed(try absent.pod()))
        state.merge(.updated(try PodFixture(name: "web-abc-2").pod()))
        #expect(state.verdict(at: at(1))?.readiness == .waitingForImage(text))
    }

    /// What runs may be at work, and what an init container did is not done anew every half minute.
    @Test func aPodOfWhichAnythingHasRunIsLeftAlone() throws {
        var pod = PodFixture(created: "2027-01-15T08:00:00Z", state: PodFixture.waiting("ErrImagePull", "shop:1: not found"))
        func stale() throws -> [String] {
            var state = try state([deployment()], pods: [pod])
            _ = state.verdict(at: start)
            return state.verdict(at: at(60))?.stale.map(\.name) ?? []
        }
        #expect(try stale() == ["web-abc-1"])
        (pod.isInit, pod.sidecar) = (true, PodFixture.waiting("PodInitializing"))
        #expect(try stale() == ["web-abc-1"])
        pod.sidecar = PodFixture.running
        #expect(try stale() == [])
        pod.sidecar = PodFixture.ended(0, "Completed")
        #expect(try stale() == [])
        (pod.sidecar, pod.restarts) = (nil, 1)
        #expect(try stale() == [])
    }

    /// peers.md, complaint 9. The text is the same from try to try, also while the pod is replaced, until its containers run.
    @Test func anImageThatIsNotThereYetIsAwaited() throws {
        let text = #"Deployment/web: container "app": the image "shop:1" can't be pulled: shop:1: not found"#
        func pod(_ name: String, _ state: String, created: String) throws -> Pod {
            try PodFixture(name: name, created: created, state: state).pod()
        }
        let absent = PodFixture.waiting("ErrImagePull", "shop:1: not found")
        var state = try state([deployment()], pods: [PodFixture(created: "2027-01-15T08:00:00Z", state: absent)])
        _ = state.verdict(at: start)
        let waiting = state.verdict(at: at(2))
        #expect(waiting?.readiness == .waitingForImage(text) && waiting?.stale.isEmpty == true && waiting?.changesAt == at(30))
        var again = noImage
        again.created = "2027-01-15T08:00:00Z"
        state.merge(.updated(try again.pod()))
        let stale = state.verdict(at: at(30))
        #expect(stale?.readiness == .waitingForImage(text) && stale?.stale.map(\.name) == ["web-abc-1"])

        state.merge(.removed(try noImage.pod()))
        state.merge(.updated(try pod("web-abc-2", PodFixture.waiting("ContainerCreating"), created: "2027-01-15T08:00:30Z")))
        #expect(state.verdict(at: at(31))?.readiness == .waitingForImage(text))
        state.merge(.updated(try pod("web-abc-2", absent, created: "2027-01-15T08:00:30Z")))
        #expect(state.verdict(at: at(40))?.readiness == .waitingForImage(text))
        #expect(state.verdict(at: at(40))?.stale.isEmpty == true)
        state.merge(.updated(try pod("web-abc-2", PodFixture.running, created: "2027-01-15T08:00:30Z")))
        #expect(
            state.verdict(at: at(41))?.readiness == .progressing("Deployment/web: 0 of 1 ready (running, but not ready by its probe: app)"))
    }

    /// What is wrong besides can't be waited for; and pods that nobody would make again stay.
    @Test func anAwaitedImageHidesNoOtherProblem() throws {
        let absent = PodFixture.waiting("ErrImagePull", "shop:1: not found")
        var mixed = try state([deployment()], pods: [PodFixture(name: "web-abc-2", state: absent), crash])
        _ = mixed.verdict(at: start)
        let isFailing = if case .failing? = mixed.verdict(at: at(20))?.readiness { true } else { false }
        #expect(isFailing)
        var job = try state(
            [deployment()], pods: [PodFixture(owner: #"{"kind":"Job","name":"web","uid":"j","controller":true}"#, state: absent)])
        _ = job.verdict(at: start)
        #expect(job.verdict(at: at(60))?.stale.isEmpty == true)
    }

    @Test func theReasonOfAFailedPullIsRemembered() throws {
        var state = try state([deployment()], pods: [PodFixture(state: PodFixture.waiting("ErrImagePull", "no such host"))])
        let text = #"Deployment/web: container "app": the image "shop:1" can't be pulled: no such host"#
        _ = state.verdict(at: start)
        state.merge(.updated(try noImage.pod()))
        #expect(state.verdict(at: at(5))?.readiness == .failing(text))
    }

    @Test func aCrashThatComesAndGoesIsOneProblem() throws {
        var state = try state([deployment()], pods: [crash])
        _ = state.verdict(at: start)
        state.merge(.updated(try PodFixture(phase: "Running", state: PodFixture.running, restarts: 1, ready: true).pod()))
        #expect(state.verdict(at: at(10))?.readiness == .progressing("Deployment/web: 0 of 1 ready"))
        state.merge(.updated(try crash.pod()))
        #expect(state.verdict(at: at(16))?.problems.count == 1)
    }

    @Test func theVersionBeforeDoesNotCount() throws {
        let new = PodFixture(name: "web-new-1", hash: "new", created: "2026-11-21T08:05:00Z", owner: PodFixture.replicaSet("web-new"))
        var state = try state([deployment()], pods: [noImage, new])
        _ = state.verdict(at: start)
        #expect(state.verdict(at: at(60))?.readiness == .progressing("Deployment/web: 0 of 1 ready"))
    }

    /// The two come by different watches, so one can be behind the other.
    @Test func aReadyWorkloadWaitsForItsPods() throws {
        let text = "Deployment/web: its pods have just begun to run"
        var state = try state([deployment(ready: 1)], pods: [PodFixture()])
        #expect(state.verdict(at: start)?.readiness == .progressing(text))
        state.merge(.updated(try crash.pod()))
        #expect(state.verdict(at: at(60))?.readiness == .progressing(text))
        state.merge(.updated(try PodFixture(phase: "Running", state: PodFixture.running, ready: true).pod()))
        #expect(state.verdict(at: at(61))?.readiness == .ready)
    }

    /// Of a ready workload, and of a controller that is none of the stack's.
    @Test(arguments: [
        PodFixture(deleted: true), PodFixture(phase: "Failed"), PodFixture(phase: "Succeeded"),
        PodFixture(owner: #"{"kind":"Job","name":"web","uid":"j","controller":true}"#), PodFixture(owner: PodFixture.replicaSet("other")),
    ])
    func aPodThatIsNotNeededHoldsNothingUp(pod: PodFixture) throws {
        var state = try state([deployment(ready: 1)], pods: [pod])
        #expect(state.verdict(at: start)?.readiness == .ready)
    }

    @Test func withoutAProbeRunningIsNotReadyAtOnce() throws {
        let young = PodFixture(hasProbe: false, phase: "Running", state: PodFixture.running, ready: true)
        var state = try state([deployment(ready: 1)], pods: [young])
        let first = state.verdict(at: start)
        #expect(first?.readiness == .progressing("Deployment/web: its pods have just begun to run"))
        #expect(first?.changesAt == at(SettlingContainers.patience))
        // it ended and runs again
        let again = PodFixture(hasProbe: false, phase: "Running", state: PodFixture.running, restarts: 1, ready: true)
        state.merge(.updated(try again.pod()))
        #expect(state.verdict(at: at(2))?.changesAt == at(2 + SettlingContainers.patience))
        #expect(state.verdict(at: at(2 + SettlingContainers.patience))?.readiness == .ready)
    }

    @Test func anExceededQuotaIsTold() throws {
        let condition = #",{"type":"ReplicaFailure","status":"True","reason":"FailedCreate","message":"exceeded quota: pods=20"}"#
        var state = try state([deployment(conditions: condition)])
        _ = state.verdict(at: start)
        #expect(
            state.verdict(at: at(15))?.readiness
                == .failing(
                    "Deployment/web: its pods can't be made: exceeded quota: pods=20; ask for less, or raise `limits` in the server's configuration"
                ))
    }

    @Test func theDiagnosisReplacesTheVerdictOfTheWorkload() throws {
        let condition = #",{"type":"Progressing","status":"False","reason":"ProgressDeadlineExceeded"}"#
        var state = try state([deployment(conditions: condition)], pods: [crash])
        // the deadline has passed, so there is no more patience
        #expect(state.verdict(at: start)?.readiness == .failing(#"Deployment/web: container "app" keeps crashing (exit code 1)"#))
        state.merge(.removed(try crash.pod()))
        #expect(state.verdict(at: start)?.readiness == .failing("Deployment/web: ProgressDeadlineExceeded"))
    }

    @Test func aClaimIsToldOfButNeverWaitedFor() throws {
        var ready = try state([deployment(ready: 1)], claims: [claim("Pending")])
        #expect(ready.verdict(at: start)?.readiness == .ready)
        var waiting = try state([deployment()], claims: [claim("Pending")])
        #expect(
            waiting.verdict(at: start)?.readiness == .progressing("Deployment/web: 0 of 1 ready; PersistentVolumeClaim/data: not bound yet")
        )
        var lost = try state([deployment(ready: 1)], claims: [claim("Lost")])
        #expect(lost.verdict(at: start)?.readiness == .failing("PersistentVolumeClaim/data has lost its volume"))
    }

    @Test func aPodByItselfIsAWorkload() throws {
        var state = try state(pods: [PodFixture(owner: nil, phase: "Running", state: PodFixture.running)])
        #expect(
            state.verdict(at: start)?.readiness == .progressing("Pod/web-abc-1: not ready yet (running, but not ready by its probe: app)"))
        state.merge(.updated(try PodFixture(owner: nil, phase: "Succeeded").pod()))
        #expect(state.verdict(at: start)?.readiness == .ready)
    }

    @Test func manyTextsAreCut() throws {
        var state = try state(["a", "b", "c", "d", "e"].map { try deployment(name: $0) })
        let text = "Deployment/a: 0 of 1 ready; Deployment/b: 0 of 1 ready; Deployment/c: 0 of 1 ready; and 2 more"
        #expect(state.verdict(at: start)?.readiness == .progressing(text))
    }

    @Test func onlyTheSubjectsCountThatAreAskedFor() throws {
        var state = StackState(kinds: [Deployment.kind], subjects: ["Deployment/db"])
        state.merge(.listed([try deployment(ready: 1, name: "db"), try deployment(name: "web")]))
        state.merge(CollectionChange.listed([try crash.pod()]))
        #expect(state.verdict(at: start)?.readiness == .ready)
        state.merge(.updated(try deployment(name: "web")))
        #expect(state.verdict(at: at(60))?.readiness == .ready)
    }

    @Test func theStatusOfEachWorkloadIsToldAtOnce() throws {
        var state = try state(
            [deployment(ready: 1, name: "api"), deployment()], pods: [crash, PodFixture(name: "once", owner: nil, phase: "Succeeded")],
            claims: [claim("Pending")])
        #expect(
            state.statuses == [
                WorkloadStatus(kind: "Deployment", name: "api", ready: 1, desired: 1, state: .ready),
                WorkloadStatus(
                    kind: "Deployment", name: "web", ready: 0, desired: 1, state: .failing,
                    message: #"container "app" keeps crashing (exit code 1)"#),
                WorkloadStatus(
                    kind: "PersistentVolumeClaim", name: "data", ready: 0, desired: 1, state: .progressing, message: "not bound yet"),
                WorkloadStatus(kind: "Pod", name: "once", ready: 1, desired: 1, state: .ready),
            ])
        state.merge(.updated(try PodFixture(phase: "Running", state: PodFixture.running).pod()))
        #expect(state.statuses[1].message == "0 of 1 ready (running, but not ready by its probe: app)")
    }

    @Test func eventsAreAskedForAboutWhatIsNotReady() throws {
        var state = try state([deployment()], pods: [PodFixture(phase: "Running", state: PodFixture.running)], claims: [claim("Pending")])
        #expect(state.verdict(at: start)?.puzzles == ["web": .workload, "uid-web-abc-1": .unready, "c": .claim])
        state.merge(.updated(try crash.pod()))
        #expect(state.verdict(at: start)?.puzzles["uid-web-abc-1"] == .crashing)
        state.merge(.updated(try deployment(ready: 1)))
        #expect(state.verdict(at: start)?.puzzles.isEmpty == true)
    }
}
