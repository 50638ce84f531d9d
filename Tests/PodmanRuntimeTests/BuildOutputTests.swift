import Foundation
import Orchestration
import StagingModel
import Testing

@testable import PodmanRuntime

@Suite struct BuildOutputTests {
    private func object(_ fields: JSONValue) -> [UInt8] { fields.canonicalBytes }

    @Test func `pieces become lines without control characters and secrets`() {
        var output = BuildOutput()
        #expect(output.add(object(["stream": "STEP 1/2"])) == [])
        #expect(
            output.add(object(["stream": ": FROM x\n\n\u{1B}[31mred\u{1B}[0m\r\nfetching https://me:secret@example.com/x\nlast"]))
                == ["STEP 1/2: FROM x", "[31mred [0m", "fetching https://***@example.com/x"])
        #expect(output.finish() == ["last"])
        #expect(output.failure == nil)
        #expect(output.add(Array("no json".utf8)) == [])
    }

    @Test(arguments: [
        (
            "building at STEP \"RUN x\": while running runtime: exit status 3\n",
            "building at STEP \"RUN x\": while running runtime: exit status 3"
        ),
        ("stat /var/tmp/libpod_builder12/build/No: no such file", "stat No: no such file"),
        ("Unknown instruction: \"BLA\" &imagebuilder.Step{Env:[]string{\"A\"}}", "Unknown instruction: \"BLA\""),
    ])
    func `the reason is podman's, without its own folders and structures`(error: String, expected: String) {
        var output = BuildOutput()
        _ = output.add(object(["error": .string(error)]))
        #expect(output.failure == expected)
    }

    @Test func `a failure ends with the last lines that the steps themselves wrote`() {
        #expect(
            BuildFailure.error("exit status 1", lines: ["dd: File too large"], size: 5).message.hasPrefix("a step wrote a file of more"))
        let lines = ["STEP 1/2: FROM x", "--> 12ab", "time=\"now\" level=error", "one", "two", "three", "four", "five", "six"]
        #expect(
            BuildFailure.text("it broke", lines: lines)
                == "the build failed: it broke; its output ended with: two | three | four | five | six")
        #expect(BuildFailure.text("it broke", lines: ["STEP 1/2: FROM x"]) == "the build failed: it broke")
    }

    @Test(arguments: [
        ("x: no space left on device", true, "the machine's disk is full"),
        ("while running runtime: exit status 153", false, "wrote a file of more"),
        ("exit status 1", false, "exit status 1"), ("layer not known", true, "layer not known"),
    ])
    func `what the machine is to blame for is tried again`(reason: String, isRetryable: Bool, text: String) {
        let error = BuildFailure.error(reason, lines: ["one"], size: 5)
        #expect(error.isRetryable == isRetryable)
        #expect(error.message.contains(text))
    }
}

@Suite struct FenceTests {
    @Test func `nothing but public addresses, the name server and what is allowed can be reached`() {
        let rules = Fence.rules(.internet(reaching: ["10.1.0.0/16"]), nameServer: "10.89.0.1").map { $0.joined(separator: " ") }
        #expect(
            rules.prefix(4) == [
                "-o lo -j ACCEPT", "-d 10.89.0.1 -p udp --dport 53 -j ACCEPT", "-d 10.89.0.1 -p tcp --dport 53 -j ACCEPT",
                "-d 10.1.0.0/16 -j ACCEPT",
            ])
        #expect(rules.contains("-d 169.254.0.0/16 -j REJECT") && rules.contains("-d 10.0.0.0/8 -j REJECT"))
        #expect(Fence.rules(.none, nameServer: nil) == [["-o", "lo", "-j", "ACCEPT"], ["-j", "REJECT"]])
    }
}

@Suite struct BuildLogTests {
    @Test func `keeps the end of much output, and follows what comes`() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "build-log-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let stack = try #require(StackName("shop-7"))
        let log = BuildLog(folder: folder)
        #expect(log.tail(stack, count: 9) == [])
        for await _ in log.follow(stack) { Issue.record("nothing is built") }
        try log.begin(stack)
        let next = log.follow(stack)
        let filler = String(repeating: "x", count: 999)
        for number in 0..<6_000 { try log.append(["\(number) \(filler)"], of: stack, at: Date(timeIntervalSince1970: 0)) }
        log.end(stack)
        var followed = 0
        for await _ in next { followed += 1 }
        #expect(followed == 1_000)
        let tail = log.tail(stack, count: 2_000)
        #expect(tail.count == 2_000)
        #expect(tail.last?.text == "5999 \(filler)" && tail.last?.time == "1970-01-01T00:00:00Z")
        let size = try FileManager.default.contentsOfDirectory(atPath: folder.path).count
        #expect(size == 2)
        log.forget(allBut: [stack])
        #expect(!log.tail(stack, count: 1).isEmpty)
        log.forget(allBut: [])
        #expect(log.tail(stack, count: 1) == [])
    }
}
