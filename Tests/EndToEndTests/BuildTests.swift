import ControlAPI
import Foundation
import SlingshotTestSupport
import StagingModel
import Testing

/// Images built of a pull request's commit, with the real program on podman.
@Suite(.serialized, .timeLimit(.minutes(10))) struct BuildTests {
    @Test func `an image is built from the ref, deployed, and a push builds the rest anew`() async throws {
        try await BuildFixture.run { fixture async throws in
            let first = try await fixture.repository.commit(BuildFixture.files("one", salt: fixture.prefix), to: PullRequest.headRef(7))
            try await fixture.serving { serving async throws in
                #expect(try await serving.deliver(GitHubDelivery("opened", head: first)) == 202)
                try await serving.wait(for: .ready)
                #expect(try await fixture.ask("web", "http://web/") == "one")
                let when = try await fixture.ask("web", "http://web/when")
                let events = try await serving.client.events(of: "shop-7").map(\.message)
                #expect(events.contains { $0.hasPrefix("built the image localhost/slingshot/\(fixture.prefix)shop:\(first)") })
                #expect(
                    try await serving.cli(["logs", "shop-7", "--build"]).output.contains("build/build a slow step of \(fixture.prefix)\n"))
                let second = try await fixture.repository.commit(
                    BuildFixture.files("two", salt: fixture.prefix), to: PullRequest.headRef(7))
                #expect(try await serving.deliver(GitHubDelivery("synchronize", head: second)) == 202)
                try await serving.wait(for: .ready)
                #expect(try await fixture.ask("web", "http://web/") == "two")
                // the step before the page was not done again
                #expect(try await fixture.ask("web", "http://web/when") == when)
                #expect(try await serving.cli(["logs", "shop-7", "--build"]).output.contains("Using cache"))
                try await BuildFixture.close(second, serving, fixture)
            }
        }
    }

    @Test func `what a build that fails said last is in the status`() async throws {
        try await BuildFixture.run { fixture async throws in
            let head = try await BuildFixture.push("RUN echo compiling; echo 'shop.c:7: missing ;'; exit 3", to: fixture)
            try await fixture.serving { serving async throws in
                try await serving.deliver(GitHubDelivery("opened", head: head))
                try await serving.wait(for: .failed)
                let stack = try await serving.client.stack("shop-7")
                #expect(stack.message.hasPrefix("the build failed: building at STEP \"RUN echo compiling"), "\(stack.message)")
                #expect(
                    stack.message.hasSuffix("exit status 3; its output ended with: compiling | shop.c:7: missing ;"), "\(stack.message)")
                try await BuildFixture.close(head, serving, fixture)
            }
        }
    }

    @Test(arguments: [
        ("RUN while :; do :; done", "the build failed: it took longer than 5s (`builds.timeout`)"),
        ("RUN /bin/busybox dd if=/dev/zero of=/big bs=1M count=100000", "the build failed: a step wrote a file of more than"),
        (
            "RUN i=0; while :; do i=$((i+1)); /bin/busybox dd if=/dev/zero of=/f$i bs=1M count=60 2>/dev/null; /bin/busybox sync; done",
            "the build failed: it wrote more than 64 MiB (`builds.size`)"
        ),
        ("RUN --mount=type=cache,target=/x true", "app/Containerfile:3: RUN --mount is allowed with type=tmpfs only"),
        (
            "COPY --from=localhost/slingshot/other:1 / /",
            "the build failed: app/Containerfile:3: the image localhost/slingshot/other:1 is one of this machine's own"
        ),
    ])
    func `a build that goes too far ends with the reason, and leaves nothing`(step: String, reason: String) async throws {
        try await BuildFixture.run(builds: "network: none, timeout: 5s, size: 64Mi") { fixture async throws in
            let head = try await BuildFixture.push(step, to: fixture)
            try await fixture.serving { serving async throws in
                try await serving.deliver(GitHubDelivery("opened", head: head))
                try await serving.wait(for: .failed)
                let message = try await serving.client.stack("shop-7").message
                #expect(message.hasPrefix(reason), "\(message)")
                #expect(try await BuildFixture.processes(fixture.state.path + "/builds") == [])
                try await BuildFixture.close(head, serving, fixture)
            }
        }
    }

    @Test func `closing the pull request ends its build at once`() async throws {
        try await BuildFixture.run { fixture async throws in
            let head = try await BuildFixture.push("RUN echo begun && /bin/busybox sleep 3333", to: fixture)
            try await fixture.serving { serving async throws in
                try await serving.deliver(GitHubDelivery("opened", head: head))
                try await BuildFixture.wait(forOutput: "begun", serving)
                #expect(try await serving.client.stack("shop-7").phase == .building)
                #expect(try await !BuildFixture.processes("sleep 3333").isEmpty)
                try await BuildFixture.close(head, serving, fixture)
                #expect(try await BuildFixture.processes("sleep 3333") == [])
            }
        }
    }

    @Test func `killed during a build it leaves no process, and goes on afterwards`() async throws {
        try await BuildFixture.run { fixture async throws in
            let head = try await BuildFixture.push("RUN echo begun && /bin/busybox sleep 4", to: fixture)
            try await fixture.serving { serving async throws in
                try await serving.deliver(GitHubDelivery("opened", head: head))
                try await BuildFixture.wait(forOutput: "begun", serving)
                await serving.process.kill()
            }
            try await BuildFixture.noProcesses(fixture)
            try await fixture.serving { serving async throws in
                try await serving.wait(for: .ready)
                try await BuildFixture.close(head, serving, fixture)
            }
        }
    }

    @Test func `a build whose podman service is killed is tried again`() async throws {
        try await BuildFixture.run { fixture async throws in
            let head = try await BuildFixture.push("RUN echo begun && /bin/busybox sleep 4", to: fixture)
            try await fixture.serving { serving async throws in
                try await serving.deliver(GitHubDelivery("opened", head: head))
                try await BuildFixture.wait(forOutput: "begun", serving)
                for process in try await BuildFixture.processes("podman system service.*\(fixture.state.path)/builds") {
                    kill(process, SIGKILL)
                }
                try await serving.wait(for: .ready)
                let events = try await serving.client.events(of: "shop-7")
                #expect(events.contains { $0.kind == .failure && $0.message.contains("the build broke off") })
                try await BuildFixture.close(head, serving, fixture)
            }
        }
    }
}
