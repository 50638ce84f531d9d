import Foundation
import Testing

@testable import PodmanRuntime

@Suite struct ReachingTests {
    @Test(arguments: [("10.89.0.2", "10.89.0.2:80"), ("fd00::2", "[fd00::2]:80")])
    func requestsAreLines(address: String, name: String) {
        let target = ForwarderTarget(address: address, port: 80)
        #expect(target.description == name)
        for request in [ForwarderRequest.open(target), .close(target), .dial(target)] { #expect(ForwarderRequest(request.text) == request) }
        #expect(ForwarderRequest.open(target).text == "open \(address) 80\n")
    }

    @Test(arguments: [
        "", "\n", "open\n", "open 10.0.0.1\n", "open 10.0.0.1 0\n", "open 10.0.0.1 65536\n", "open ../x 80\n", "open localhost 80\n",
        "shut 10.0.0.1 80\n", "open 10.0.0.1 80 81\n",
    ])
    func otherTextsAskNothing(text: String) { #expect(ForwarderRequest(text) == nil) }

    @Test func anAnswerSaysThatOrWhy() {
        for answer in [ForwarderRequest.Answer.done, .failed("connection refused")] {
            #expect(ForwarderRequest.Answer(answer.text) == answer)
        }
        #expect(ForwarderRequest.Answer("") == .failed(""))
    }

    @Test func aNamespaceIsThatOfItsNameServer() throws {
        let runRoot = FileManager.default.temporaryDirectory.appending(path: "slingshot-\(UUID().uuidString)")
        let folder = runRoot.appending(path: "networks/aardvark-dns")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: runRoot) }
        #expect(NetworkNamespace.current(runRoot: runRoot.path) == nil)
        // this process is alive, but no name server: the number was given to it since
        try Data("\(ProcessInfo.processInfo.processIdentifier)\n".utf8).write(to: folder.appending(path: "aardvark.pid"))
        #expect(NetworkNamespace.current(runRoot: runRoot.path) == nil)
        let namespace = NetworkNamespace(identity: "net:[4026532319]", member: 7)
        #expect(namespace == NetworkNamespace(identity: "net:[4026532319]", member: 8))
        #expect(namespace.number == "4026532319")
    }
}
