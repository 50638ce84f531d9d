import Foundation
import NIOCore
import NIOPosix
import Orchestration
import SlingshotTestSupport
import StagingModel
import Synchronization
import Testing

@testable import PodmanRuntime

/// What somebody inside a stack's containers can reach of the machine, of other stacks, and of the kernel.
@Suite(.serialized, .timeLimit(.minutes(5))) struct PodmanIsolationTests {
    /// Two stacks with a web server each, and a shell in the first.
    private func withNeighbours(
        _ container: JSONValue = [:], _ body: @Sendable (PodmanRuntime, _ own: PodmanStack, _ other: PodmanStack) async throws -> Void
    ) async throws {
        try await PodmanTestEngine.withRuntime { runtime, own async throws in
            let other = PodmanStack(stack: try #require(StackName("shop-8")), namespace: own.namespace.dropLast() + "8")
            var fields = container
            fields["readinessProbe"] = PodmanStack.probe
            for stack in [own, other] {
                let web = stack.workload(
                    "Deployment", "web",
                    [stack.container(fields: stack.stack == own.stack ? fields : ["readinessProbe": PodmanStack.probe])])
                try await runtime.apply(stack.plan([web, stack.service("web", port: 80, target: 8080)]), lease: stack.lease) { _ in }
                try await runtime.awaitReady(stack.stack) { _ in }
            }
            try await body(runtime, own, other)
            for stack in [own, other] {
                guard case .present(let observed) = try await runtime.observe(stack.stack) else { continue }
                _ = try await runtime.destroy(stack.stack, uid: observed.uid)
                try await runtime.awaitGone(stack.stack, uid: observed.uid) { _ in }
            }
        }
    }

    /// Those of the addresses at which a connection can be made from inside.
    private func open(_ addresses: [(String, Int)], from stack: PodmanStack) async throws -> [String] {
        let tries = addresses.map { address, port in
            "if /bin/busybox nc -w 2 '\(address)' \(port) </dev/null >/dev/null 2>&1; then echo '\(address) \(port)'; fi &"
        }
        return try await stack.exec("web", ["/bin/sh", "-c", tries.joined(separator: "\n") + "\nwait"]).split(separator: "\n").map(
            String.init)
    }

    private func address(of stack: PodmanStack) async throws -> String {
        let text = try await stack.exec("web", ["/bin/busybox", "ip", "-4", "-o", "addr", "show", "dev", "eth0"])
        return String(try #require(text.firstMatch(of: /inet ([0-9.]+)\//)).1)
    }

    private func gateway(of stack: PodmanStack) async throws -> String {
        try await PodmanTestEngine.podman(["network", "inspect", stack.namespace, "--format", "{{(index .Subnets 0).Gateway}}"])
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// All of this machine, where something listens on all addresses, as Slingshot's API does when it is told to.
    private func machine(port: Int, seenFrom stack: PodmanStack) throws -> [(String, Int)] {
        let all = try System.enumerateDevices().compactMap(\.address?.ipAddress)
        // a link-local address is one of a link: that of the container
        return Set(all).sorted().map { ($0.hasPrefix("fe80") ? "\($0.split(separator: "%")[0])%eth0" : $0, port) }
    }

    private func listening<T: Sendable>(_ body: @Sendable (_ port: Int) async throws -> T) async throws -> T {
        let listener = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup).bind(host: "::", port: 0).get()
        let result: Result<T, any Error>
        do { result = .success(try await body(try #require(listener.localAddress?.port))) } catch { result = .failure(error) }
        try await listener.close()
        return try result.get()
    }

    @Test(arguments: [0, 65_532]) func `neither other stacks nor the machine can be reached`(user: Int64) async throws {
        try await withNeighbours(["securityContext": ["runAsUser": .integer(user)]]) { _, own, other async throws in
            try await listening { port async throws in
                let (inside, neighbour) = (try await address(of: own), try await address(of: other))
                // that the probe can find something
                #expect(try await open([("web", 80), (inside, 8080)], from: own).sorted() == ["\(inside) 8080", "web 80"])
                var forbidden = try machine(port: port, seenFrom: own)
                #expect(forbidden.contains { $0.0.hasSuffix("%eth0") } && forbidden.count > 4)
                for gateway in [try await gateway(of: own), try await gateway(of: other)] {
                    forbidden += [port, 22, 53, 80, 443, 2019, 8080, 8088].map { (gateway, $0) }
                }
                forbidden += [(neighbour, 8080), (neighbour, 80), ("192.0.2.1", 80), ("10.207.0.2", 6443), ("10.96.0.1", 443)]
                forbidden += ["web.\(other.namespace)", "web.\(other.namespace).svc.cluster.local"].map { ($0, 80) }
                let name = try await PodmanTestEngine.podman(["pod", "ls", "--format", "{{.Name}}"]).split(separator: "\n")
                    .first { $0.hasPrefix("\(other.namespace)-web-") }
                forbidden += [(String(try #require(name)), 8080)]
                // whether its own name server answers by TCP too depends on its version
                let dns = "\(try await gateway(of: own)) 53"
                let reached = try await open(forbidden, from: own).filter { $0 != dns }
                #expect(reached == [])
            }
        }
    }

    @Test func `names are the stack's own`() async throws {
        try await withNeighbours { _, own, other async throws in
            let lookup =
                "/bin/busybox nslookup web.\(other.namespace) >/dev/null 2>&1; echo $?; /bin/busybox nslookup web.\(own.namespace) >/dev/null 2>&1; echo $?"
            #expect(try await own.exec("web", ["/bin/sh", "-c", lookup]) == "1\n0\n")
        }
    }

    /// With what an administrator may allow a repository, a container makes routes of its own. The machine passes nothing on all the same.
    @Test func `a container that makes its own routes gets no further`() async throws {
        let context: JSONValue = ["runAsUser": 0, "capabilities": ["add": ["NET_ADMIN", "NET_RAW"]]]
        try await withNeighbours(["securityContext": context]) { _, own, other async throws in
            try await listening { port async throws in
                let route = try await own.exec("web", ["/bin/busybox", "ip", "route", "add", "default", "via", gateway(of: own)])
                #expect(route == "")
                var forbidden = try machine(port: port, seenFrom: own)
                forbidden += [(try await address(of: other), 8080), (try await gateway(of: other), port), ("10.207.0.2", 6443)]
                let reached = try await open(forbidden, from: own)
                #expect(reached == [])
            }
        }
    }

    /// Each line is something that root in a container tries, and must not succeed in.
    private static let attempts = [
        "busybox arping -c 1 -w 1 -I eth0 $(busybox sed -n 's/^nameserver //p' /etc/resolv.conf | busybox head -n 1)",
        "busybox mknod /tmp/disk b 254 0", "busybox mknod /tmp/mem c 1 1", "busybox mount -t tmpfs none /mnt",
        "busybox mount -t proc none /mnt",
        "busybox unshare -m true", "busybox unshare -U true", "busybox unshare -n true", "busybox unshare -U -n true",
        "busybox ip link set eth0 down",
        "busybox ip route add default via 10.0.0.1", "busybox ip addr add 10.0.0.9/24 dev eth0",
        "echo x >/proc/sys/kernel/core_pattern", "echo 1 >/proc/sys/net/ipv4/ip_forward", "echo h >/proc/sysrq-trigger",
        "echo x >/sys/kernel/uevent_helper", "echo 1 >/sys/fs/cgroup/pids/cgroup.procs", "echo 0 >/sys/fs/cgroup/pids/pids.max",
        "busybox cat /proc/kcore", "busybox cat /proc/keys | busybox grep .", "busybox cat /sys/firmware/* | busybox grep .",
        "busybox dmesg",
        "busybox hostname elsewhere", "busybox chroot /proc/1/root /bin/busybox ls /host",
        "busybox nice -n -5 true", "busybox swapoff -a", "busybox insmod /x.ko", "busybox ls /proc/1/root/run/podman",
        "busybox nsenter -t 1 -m true", "busybox find / -xdev -type s | busybox grep .",
        "busybox find / -xdev \\( -type b -o -type c \\) ! -path '/dev/*' | busybox grep .",
        "busybox ls /dev | busybox grep -E 'sd|vd|mem|kvm|fuse|net'",
    ]

    @Test func `root in a container is no root of the machine`() async throws {
        try await withNeighbours(["securityContext": ["runAsUser": 0]]) { _, own, _ async throws in
            let script = Self.attempts.enumerated().map {
                "(\($0.element.replacing("busybox ", with: "/bin/busybox "))) >/dev/null 2>&1 && echo \($0.offset)"
            }
            let done = try await own.exec("web", ["/bin/sh", "-c", script.joined(separator: "\n") + "\ntrue"])
            #expect(done.split(separator: "\n").compactMap { Int($0) }.map { Self.attempts[$0] } == [])
            let status = try await own.exec("web", ["/bin/busybox", "grep", "-E", "^(CapBnd|Seccomp):", "/proc/1/status"])
            #expect(status.contains("Seccomp:\t2"))
            let mask = try #require(status.firstMatch(of: /CapBnd:\t([0-9a-f]+)/).flatMap { UInt64($0.1, radix: 16) })
            // as linux/capability.h numbers them: NET_ADMIN, NET_RAW, SYS_MODULE, SYS_PTRACE, SYS_ADMIN, SYS_TIME, MKNOD, AUDIT_WRITE
            for bit in [12, 13, 16, 19, 21, 25, 27, 29] { #expect(mask & (1 << bit) == 0, "capability \(bit)") }
        }
    }

    @Test func `a container without privileges gains none by a setuid program`() async throws {
        let context: JSONValue = ["runAsUser": 65_532, "allowPrivilegeEscalation": false]
        try await withNeighbours(["securityContext": context]) { _, own, _ async throws in
            #expect(
                try await own.exec("web", ["/bin/busybox", "grep", "-E", "^(CapEff|NoNewPrivs):", "/proc/1/status"])
                    == "CapEff:\t0000000000000000\nNoNewPrivs:\t1\n")
        }
    }

    @Test func `a fork bomb and a memory hog hurt nobody else`() async throws {
        try await withNeighbours(["resources": ["limits": ["memory": "256Mi", "cpu": "1"]]]) { runtime, own, other async throws in
            _ = try await own.exec("web", ["/bin/sh", "-c", "/bin/busybox tail /dev/zero"], accepting: [0, 1, 125, 126, 137, 255])
            #expect(try await other.exec("web", ["/bin/busybox", "wget", "-qO-", "http://web/"]).contains("<html"))
            try await runtime.awaitReady(own.stack) { _ in }
            let bomb = "i=0; while [ $i -lt 3000 ]; do /bin/busybox sleep 60 & i=$((i+1)); done 2>/dev/null; echo survived"
            _ = try await own.exec("web", ["/bin/sh", "-c", bomb], accepting: [0, 1, 2, 137, 255])
            let count = try await own.processes("web")
            #expect(count > 500 && count <= Int(PodmanPod.mostProcesses))
            #expect(try await other.exec("web", ["/bin/busybox", "wget", "-qO-", "http://web/"]).contains("<html"))
        }
    }
}

extension PodmanStack {
    private func container(_ workload: String) async throws -> String {
        let names = try await PodmanTestEngine.podman(["ps", "--format", "{{.Names}}"]).split(separator: "\n")
        return String(try #require(names.first { $0.hasPrefix("\(namespace)-\(workload)-") }))
    }

    /// How many processes the first container of a workload has.
    fileprivate func processes(_ workload: String) async throws -> Int {
        let text = try await PodmanTestEngine.podman(["stats", "--no-stream", "--format", "{{.PIDS}}", container(workload)])
        return Int(text.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0
    }
}
