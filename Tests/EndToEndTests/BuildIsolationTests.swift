import ControlAPI
import Foundation
import SlingshotTestSupport
import StagingModel
import Testing

/// What a stranger's Containerfile tries from inside a build, with the real program on podman.
@Suite(.serialized, .timeLimit(.minutes(10))) struct BuildIsolationTests {
    @Test func `a step reaches neither the API, nor the machine, nor what is on private networks`() async throws {
        // on all addresses, as a careless operator has it
        try await BuildFixture.run(builds: "network: internet", listen: "0.0.0.0:0") { fixture async throws in
            try await fixture.serving { serving async throws in
                let port = try #require(serving.address.port)
                let machine = try await address()
                let steps = """
                    RUN gateway=$(/bin/busybox ip route | /bin/busybox sed -n 's/^default via \\([^ ]*\\).*/\\1/p'); \\
                        for host in 127.0.0.1 $gateway \(machine); do \\
                          /bin/busybox wget -T 2 -qO- http://$host:\(port)/healthz >/dev/null 2>&1 && echo REACHED $host || echo refused $host; \\
                        done; \\
                        /bin/busybox wget -T 2 -qO- http://169.254.169.254/ >/dev/null 2>&1 && echo REACHED metadata; \\
                        /bin/busybox nc -w 2 10.96.0.1 443 </dev/null && echo REACHED cluster; \\
                        echo probed gateway $gateway
                    RUN for path in /run/podman /var/lib/containers \(fixture.state.path); do test -e $path && echo REACHED $path; done; \\
                        /bin/busybox env | /bin/busybox grep -i -e token -e secret && echo REACHED secrets; \\
                        /bin/busybox grep CapBnd /proc/self/status; /bin/busybox cat /proc/1/comm; echo done
                    """
                let head = try await BuildFixture.push(steps, to: fixture)
                try await serving.deliver(GitHubDelivery("opened", head: head))
                try await serving.wait(for: .ready)
                let output = try await serving.cli(["logs", "shop-7", "--build"]).output
                #expect(!output.contains("build/build REACHED"), "\(output)")
                #expect(output.contains("build/build refused 127.0.0.1") && output.contains("build/build refused \(machine)"), "\(output)")
                #expect(output.contains(/build\/build probed gateway 10\./), "\(output)")
                // CAP_NET_RAW is 13, CAP_NET_ADMIN 12, CAP_SYS_ADMIN 21, CAP_MKNOD 27
                let bounds = try #require(output.firstMatch(of: /CapBnd:\s*([0-9a-f]{16})/).flatMap { UInt64($0.1, radix: 16) })
                for capability in [12, 13, 21, 27] { #expect(bounds & 1 << capability == 0, "capability \(capability)") }
                try await BuildFixture.close(head, serving, fixture)
            }
        }
    }

    @Test func `what podman itself fetches for a build comes from the build's network`() async throws {
        try await BuildFixture.run(builds: "network: internet", listen: "0.0.0.0:0") { fixture async throws in
            try await fixture.serving { serving async throws in
                let port = try #require(serving.address.port)
                for host in ["127.0.0.1", try await address()] {
                    let head = try await BuildFixture.push("ADD http://\(host):\(port)/healthz /stolen", to: fixture)
                    try await serving.deliver(GitHubDelivery("opened", head: head))
                    try await serving.wait(for: .failed)
                    let message = try await serving.client.stack("shop-7").message
                    #expect(message.contains("connection refused"), "\(message)")
                    try await BuildFixture.close(head, serving, fixture)
                }
            }
        }
    }

    /// An address of this machine's that is not its loopback.
    private func address() async throws -> String {
        let text = try await ChildProcess.run(URL(filePath: "/usr/bin/hostname"), ["-I"]).output
        return try #require(text.split(separator: " ").first.map(String.init))
    }
}
