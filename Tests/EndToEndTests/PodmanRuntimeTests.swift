import Foundation
import NIOCore
import NIOPosix
import Orchestration
import PodmanRuntime
import SlingshotTestSupport
import StagingModel
import Synchronization
import Testing

/// The runtime against a real podman.
@Suite(.serialized, .timeLimit(.minutes(5))) struct PodmanRuntimeTests {
    private func follow(
        _ runtime: PodmanRuntime, _ stack: StackName, until stop: @Sendable (Readiness) -> Bool = { _ in false }
    ) async throws -> [Readiness] {
        struct Stopped: Error {}
        let all = Mutex<[Readiness]>([])
        do {
            try await runtime.awaitReady(stack) { readiness in
                all.withLock { $0.append(readiness) }
                if stop(readiness) { throw Stopped() }
            }
        } catch is Stopped {}
        return all.withLock { $0 }
    }

    private func diagnosis(_ runtime: PodmanRuntime, _ stack: StackName, saying text: String) async throws -> String {
        let last = try await follow(runtime, stack) { if case .failing(let why) = $0 { why.contains(text) } else { false } }.last
        return last?.text ?? "ready"
    }

    private func apply(_ runtime: PodmanRuntime, _ plan: Plan, _ lease: Lease) async throws -> String {
        let uid = Mutex("")
        try await runtime.apply(plan, lease: lease) { told in uid.withLock { $0 = told } }
        return uid.withLock { $0 }
    }

    private func end(_ runtime: PodmanRuntime, _ stack: StackName, _ uid: String) async throws {
        _ = try await runtime.destroy(stack, uid: uid)
        try await runtime.awaitGone(stack, uid: uid) { _ in }
    }

    @Test func aStackLivesAndGoes() async throws {
        try await PodmanTestEngine.withRuntime { runtime, fixture async throws in
            let stack = fixture.stack
            #expect(try await runtime.observe(stack) == .absent)
            let web = fixture.workload("Deployment", "web", [fixture.container(fields: ["readinessProbe": PodmanStack.probe])])
            let told = Mutex("")
            try await runtime.apply(fixture.plan([web]), lease: fixture.lease) { uid in
                told.withLock { $0 = uid }
                // the lease is there before anything else is
                guard case .present(let now) = try await runtime.observe(stack) else { throw StepError("not present", isRetryable: false) }
                #expect(now.uid == uid)
                #expect(now.lease == fixture.lease)
                #expect(now.annotations[StackMetadata.title] == "a title")
                #expect(now.annotations[StackMetadata.planDigest] == nil)
            }
            let uid = told.withLock { $0 }
            #expect(try await follow(runtime, stack).last == .ready)
            guard case .present(let observed) = try await runtime.observe(stack) else { throw StepError("not present", isRetryable: false) }
            #expect(observed.uid == uid)
            #expect(observed.annotations[StackMetadata.planDigest] == "digest")
            #expect(try await runtime.stacks() == [observed])
            let longer = Lease(startedAt: fixture.lease.startedAt, expiresAt: Date().addingTimeInterval(7200))
            try await runtime.renew(longer, of: stack, uid: uid)
            #expect(try await runtime.stacks().first?.lease == longer)
            await #expect(throws: StepError.self) { try await runtime.renew(longer, of: stack, uid: "another") }

            #expect(try await runtime.destroy(stack, uid: "another") == [:])
            #expect(try await runtime.stacks().count == 1)
            let removed = try await runtime.destroy(stack, uid: uid)
            #expect(removed["Pod"] == 1)
            #expect(removed["Network"] == 1)
            try await runtime.awaitGone(stack, uid: uid) { _ in }
            #expect(try await runtime.observe(stack) == .absent)
            // all of it can be said again
            #expect(try await runtime.destroy(stack, uid: uid) == [:])
            try await runtime.awaitGone(stack, uid: uid) { _ in }
        }
    }

    @Test func anotherNetworkIsLeftAlone() async throws {
        try await PodmanTestEngine.withRuntime { runtime, fixture async throws in
            _ = try await PodmanTestEngine.podman(["network", "create", fixture.namespace])
            let web = fixture.workload("Deployment", "web", [fixture.container()])
            let refused = await #expect(throws: StepError.self) {
                try await runtime.apply(fixture.plan([web]), lease: fixture.lease) { _ in }
            }
            #expect(refused?.isRetryable == false)
            guard case .foreign = try await runtime.observe(fixture.stack) else { throw StepError("not foreign", isRetryable: false) }
            #expect(try await runtime.stacks() == [])
            let id = try await PodmanTestEngine.podman(["network", "inspect", fixture.namespace, "--format", "{{.ID}}"])
            await #expect(throws: StepError.self) {
                try await runtime.destroy(fixture.stack, uid: id.trimmingCharacters(in: .whitespacesAndNewlines))
            }
            _ = try await PodmanTestEngine.podman(["network", "rm", fixture.namespace])
        }
    }

    @Test func anUpdateLeavesWhatIsTheSameAndReplacesTheRestWhenItIsReady() async throws {
        try await PodmanTestEngine.withRuntime { runtime, fixture async throws in
            func web(_ greeting: String) -> JSONValue {
                fixture.workload(
                    "Deployment", "web",
                    [
                        fixture.container(fields: [
                            "readinessProbe": PodmanStack.probe, "env": [["name": "GREETING", "value": .string(greeting)]],
                        ])
                    ])
            }
            let side = fixture.workload("Deployment", "side", [fixture.container()])
            let old = fixture.workload("Deployment", "old", [fixture.container()])
            let uid = try await apply(runtime, fixture.plan([web("one"), side, old]), fixture.lease)
            #expect(try await follow(runtime, fixture.stack).last == .ready)
            func pods() async throws -> [String] {
                try await PodmanTestEngine.podman(["pod", "ls", "--format", "{{.Name}} {{.Id}}"]).split(separator: "\n").map { String($0) }
                    .filter { $0.hasPrefix(fixture.namespace) }.sorted()
            }
            let before = try await pods()
            // a version that never gets ready leaves the one before in its place
            var stuck = web("stuck")
            stuck["spec"]?["template"]?["spec"]?["terminationGracePeriodSeconds"] = 1
            stuck["spec"]?["template"]?["spec"]?["containers"] = [
                fixture.container("exec /bin/busybox sleep 1000", fields: ["readinessProbe": PodmanStack.probe])
            ]
            #expect(try await apply(runtime, fixture.plan([stuck, side], digest: "stuck"), fixture.lease) == uid)
            let readiness = try await follow(runtime, fixture.stack) { $0.text?.contains("connection refused") ?? false }
            #expect(readiness.last?.text?.hasPrefix("Deployment/web: 0 of 1 ready (running, but not ready by its probe: app: ") == true)
            #expect(try await pods().filter { $0.contains("-web-") }.count == 2)
            #expect(try await pods().filter { $0.contains("-old-") } == [])

            #expect(try await apply(runtime, fixture.plan([web("two"), side], digest: "two"), fixture.lease) == uid)
            #expect(try await follow(runtime, fixture.stack).last == .ready)
            let after = try await pods()
            #expect(after.count == 2)
            #expect(after.filter { $0.contains("-side-") } == before.filter { $0.contains("-side-") })
            #expect(after.filter { $0.contains("-web-") } != before.filter { $0.contains("-web-") })
            try await end(runtime, fixture.stack, uid)
        }
    }

    @Test func whatPodsMayHaveIsThere() async throws {
        try await PodmanTestEngine.withRuntime { runtime, fixture async throws in
            let configuration: JSONValue = [
                "kind": "ConfigMap", "metadata": ["name": "conf"], "data": ["site.conf": "from the map", "KEY": "value"],
            ]
            let secret: JSONValue = ["kind": "Secret", "metadata": ["name": "db"], "data": ["password": "c3RhZ2luZw=="]]
            let claim: JSONValue = [
                "kind": "PersistentVolumeClaim", "metadata": ["name": "data"], "spec": ["accessModes": ["ReadWriteOnce"]],
            ]
            let mounts: JSONValue = [
                ["name": "conf", "mountPath": "/etc/site"], ["name": "scratch", "mountPath": "/scratch"],
                ["name": "data", "mountPath": "/data"],
                ["name": "db", "mountPath": "/secret.txt", "subPath": "password"],
            ]
            let app = fixture.container(fields: [
                "volumeMounts": mounts, "envFrom": [["configMapRef": ["name": "conf"]]],
                "env": [["name": "PASSWORD", "valueFrom": ["secretKeyRef": ["name": "db", "key": "password"]]]],
                "resources": ["limits": ["memory": "64Mi", "cpu": "500m"]],
                "readinessProbe": ["exec": ["command": ["/bin/sh", "-c", "[ -f /scratch/ready ]"]]],
                "securityContext": ["runAsUser": 1234],
            ])
            let first = fixture.container(
                "echo made > /scratch/ready", fields: ["name": "first", "volumeMounts": [["name": "scratch", "mountPath": "/scratch"]]])
            let volumes: JSONValue = [
                ["name": "conf", "configMap": ["name": "conf"]], ["name": "scratch", "emptyDir": [:]],
                ["name": "db", "secret": ["secretName": "db"]],
                ["name": "data", "persistentVolumeClaim": ["claimName": "data"]],
            ]
            let web = fixture.workload("StatefulSet", "web", [app], pod: ["volumes": volumes, "initContainers": [first]])
            let job = fixture.workload("Job", "seed", [fixture.container("echo seeded")], pod: ["restartPolicy": "Never"])
            let uid = try await apply(runtime, fixture.plan([configuration, secret, claim, web, job]), fixture.lease)
            #expect(try await follow(runtime, fixture.stack).last == .ready)
            let script =
                "cat() { /bin/busybox cat $1; }; cat /etc/site/site.conf; echo; cat /secret.txt; echo; echo $PASSWORD $KEY; /bin/busybox hostname; /bin/busybox id -u; echo kept > /data/file; echo no > /etc/site/x"
            let output = try await fixture.exec("web", ["/bin/sh", "-c", script], accepting: [1])
            #expect(output == "from the map\nstaging\nstaging value\nweb-0\n1234\n")
            #expect(
                try await runtime.workloads(of: fixture.stack) == [
                    WorkloadStatus(kind: "Job", name: "seed", ready: 1, desired: 1, state: .ready),
                    WorkloadStatus(kind: "StatefulSet", name: "web", ready: 1, desired: 1, state: .ready),
                ])
            // the claim outlives its pod
            var next = web
            next["spec"]?["template"]?["metadata"]?["labels"]?["app"] = "web"
            next["spec"]?["template"]?["spec"]?["terminationGracePeriodSeconds"] = 1
            #expect(try await apply(runtime, fixture.plan([configuration, secret, claim, next], digest: "next"), fixture.lease) == uid)
            #expect(try await follow(runtime, fixture.stack).last == .ready)
            #expect(try await fixture.exec("web", ["/bin/sh", "-c", "/bin/busybox cat /data/file"]) == "kept\n")
            try await end(runtime, fixture.stack, uid)
        }
    }

    @Test func aCrashIsDiagnosedWithItsLastWordsAndAFixTakesItsPlace() async throws {
        try await PodmanTestEngine.withRuntime { runtime, fixture async throws in
            let broken = fixture.workload("Deployment", "web", [fixture.container("echo no database here; exit 3")])
            let uid = try await apply(runtime, fixture.plan([broken]), fixture.lease)
            let text = try await diagnosis(runtime, fixture.stack, saying: "the last lines")
            #expect(
                text.hasPrefix(#"Deployment/web: container "app" keeps crashing (exit code 3); the last lines of app: no database here"#))
            let workload = try #require(try await runtime.workloads(of: fixture.stack).first)
            #expect(workload.state == .failing && workload.ready == 0 && workload.desired == 1)
            #expect(workload.message == #"container "app" keeps crashing (exit code 3)"#)
            let fixed = fixture.workload("Deployment", "web", [fixture.container()])
            #expect(try await apply(runtime, fixture.plan([fixed], digest: "fixed"), fixture.lease) == uid)
            #expect(try await follow(runtime, fixture.stack).last == .ready)
            // what dies later is started again
            let container = try await PodmanTestEngine.podman(["ps", "--format", "{{.Names}}"]).split(separator: "\n")
                .first { $0.hasPrefix(fixture.namespace) }
            _ = try await PodmanTestEngine.podman(["kill", String(try #require(container))])
            #expect(try await follow(runtime, fixture.stack).last == .ready)
            try await end(runtime, fixture.stack, uid)
        }
    }

    @Test(arguments: [
        ("/bin/busybox tail /dev/zero", "32Mi", "memory"),
        ("/no/such/program", "32Mi", #"exit code 127"#),
    ])
    func whatIsWrongIsSaid(script: String, memory: String, text: String) async throws {
        try await PodmanTestEngine.withRuntime { runtime, fixture async throws in
            let web = fixture.workload(
                "Deployment", "web", [fixture.container(script, fields: ["resources": ["limits": ["memory": .string(memory)]]])])
            let uid = try await apply(runtime, fixture.plan([web]), fixture.lease)
            #expect(try await diagnosis(runtime, fixture.stack, saying: text).contains(text))
            try await end(runtime, fixture.stack, uid)
        }
    }

    @Test func aWaveWaitsForTheOneBefore() async throws {
        try await PodmanTestEngine.withRuntime { runtime, fixture async throws in
            func job(_ script: String) -> JSONValue {
                var job = fixture.workload(
                    "Job", "migrate", [fixture.container(script)], spec: ["backoffLimit": 0], pod: ["restartPolicy": "Never"])
                job["metadata"]?["annotations"] = [StackMetadata.wave: "-1"]
                return job
            }
            let web = fixture.workload("Deployment", "web", [fixture.container()])
            @Sendable func webPods() async throws -> [String] { try await PodmanTestEngine.leftovers("\(fixture.namespace)-web-") }
            let broken = await #expect(throws: StepError.self) {
                try await runtime.apply(fixture.plan([web, job("echo no schema; exit 4")]), lease: fixture.lease) { _ in }
            }
            #expect(broken?.isRetryable == true)
            #expect(
                broken?.message.hasPrefix(#"wave -1: Job/migrate: container "app" failed (exit code 4); the last lines of app: no schema"#)
                    == true)
            #expect(try await webPods() == [])
            let told = Mutex<[String]>([])
            try await runtime.apply(fixture.plan([web, job("/bin/busybox sleep 1")]), lease: fixture.lease, onNamespace: { _ in }) { text in
                let early = try await webPods()
                #expect(early == [])
                told.withLock { $0.append(text) }
            }
            #expect(told.withLock { $0.last } == "wave -1: Job/migrate: 0 of 1 complete")
            #expect(try await follow(runtime, fixture.stack).last == .ready)
            guard case .present(let stack) = try await runtime.observe(fixture.stack) else { throw StepError("gone", isRetryable: false) }
            try await end(runtime, fixture.stack, stack.uid)
        }
    }

    @Test func aMissingImageAndARefusalAreNamed() async throws {
        try await PodmanTestEngine.withRuntime { runtime, fixture async throws in
            let missing = fixture.workload("Deployment", "web", [fixture.container(fields: ["image": "localhost/missing:1"])])
            let pull = await #expect(throws: StepError.self) {
                try await runtime.apply(fixture.plan([missing]), lease: fixture.lease) { _ in }
            }
            #expect(pull?.message.contains(#"Deployment/web: container "app": the image "localhost/missing:1" can't be pulled: "#) == true)
            #expect(pull?.isRetryable == true)
            let cron: JSONValue = ["kind": "CronJob", "metadata": ["name": "nightly"], "spec": [:]]
            let refused = await #expect(throws: StepError.self) {
                try await runtime.apply(fixture.plan([cron]), lease: fixture.lease) { _ in }
            }
            #expect(refused?.isRetryable == false)
            #expect(refused?.message.hasPrefix("CronJob/nightly: kind nothing runs by the clock on podman") == true)
            guard case .present(let stack) = try await runtime.observe(fixture.stack) else { throw StepError("gone", isRetryable: false) }
            try await end(runtime, fixture.stack, stack.uid)
        }
    }

    /// What listens on all of this machine's addresses is reached by the machine, and not from a container.
    @Test func theMachineIsOutOfReach() async throws {
        try await PodmanTestEngine.withRuntime { runtime, fixture async throws in
            let web = fixture.workload("Deployment", "web", [fixture.container(fields: ["readinessProbe": PodmanStack.probe])])
            let uid = try await apply(runtime, fixture.plan([web, fixture.service("web", port: 80, target: 8080)]), fixture.lease)
            #expect(try await follow(runtime, fixture.stack).last == .ready)
            let listener = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup).bind(host: "0.0.0.0", port: 0).get()
            let port = try #require(listener.localAddress?.port)
            let gateway = try await PodmanTestEngine.podman([
                "network", "inspect", fixture.namespace, "--format", "{{(index .Subnets 0).Gateway}}",
            ]).trimmingCharacters(in: .whitespacesAndNewlines)
            let reached = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup).connect(host: gateway, port: port).get()
            try await reached.close()
            #expect(try await fixture.exec("web", ["/bin/busybox", "wget", "-qO-", "http://web/"]).contains("<html"))
            // a connection that is made would hang here, or say something else
            for address in ["\(gateway):\(port)", "127.0.0.1:\(port)", "192.0.2.1:80"] {
                let script = "/bin/busybox wget -qO- http://\(address)/ 2>&1; true"
                #expect(try await fixture.exec("web", ["/bin/sh", "-c", script]).contains("can't connect to remote host"), "\(address)")
            }
            try await listener.close()
            try await end(runtime, fixture.stack, uid)
        }
    }
}
