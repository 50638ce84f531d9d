import Foundation
import GitRefs
import SlingshotTestSupport
import StagingModel
import Testing

@testable import SlingshotCommands

/// What `doctor` makes of a plain git server's hook, in a real repository.
@Suite struct HookDoctorTests {
    private func git(_ arguments: String...) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/git")
        process.arguments = arguments
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
    }

    private func findings(_ set: (_ repository: String) throws -> Void) throws -> [Finding] {
        let folder = FileManager.default.temporaryDirectory.appending(path: "doctor-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "shop.git").path
        try git("init", "--quiet", "--bare", path)
        try set(path)
        let settings = RepositorySettings(
            name: try #require(RepositoryName("shop")), forge: .generic, repository: "acme/shop", url: "file://\(path)", runtime: "box")
        return HookFindings(area: "a", settings: settings, publicURL: "https://slingshot.example.com")
            .findings(of: try LocalRepository(url: settings.url))
    }

    private func setUp(_ path: String) throws {
        let secret = path + "/secret"
        #expect(FileManager.default.createFile(atPath: secret, contents: Data("s3cret".utf8), attributes: [.posixPermissions: 0o600]))
        let hook = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../webhooks/git/post-receive")
            .standardizedFileURL
        try FileManager.default.copyItem(at: hook, to: URL(filePath: path + "/hooks/post-receive"))
        for (name, value) in [
            ("url", "https://slingshot.example.com/webhooks/generic"), ("repository", "Acme/shop"), ("secretFile", secret),
            ("branches", "preview/*"),
        ] { try git("-C", path, "config", "slingshot.\(name)", value) }
        try git("-C", path, "config", "--add", "slingshot.branches", "demo/*")
    }

    @Test func oneThatIsSetUpAsDocumentedIsWell() throws {
        let findings = try findings(setUp)
        #expect(findings.allSatisfy { $0.verdict == .ok }, "\(findings)")
        #expect(findings.last?.message == "preview/*, demo/*")
    }

    @Test func aPasswordInItsAddressIsNotTold() throws {
        let findings = try findings { try git("-C", $0, "config", "slingshot.url", "https://ada:hunter2@example.com/webhooks/generic") }
        #expect(findings.contains { $0.message == "it is https://example.com/webhooks/generic" } && !"\(findings)".contains("hunter2"))
    }

    @Test func eachStepThatIsMissingIsTold() throws {
        let findings = try findings { _ in }
        #expect(findings.map(\.verdict) == [.failed, .failed, .failed, .failed, .warning])
        #expect(findings.allSatisfy { $0.fix != nil })
    }

    enum Mistake: CaseIterable { case notExecutable, anothers, readable, empty, gone }

    private func make(_ mistake: Mistake, in path: String) throws {
        let (hook, secret) = (URL(filePath: path + "/hooks/post-receive"), URL(filePath: path + "/secret"))
        switch mistake {
        case .notExecutable: try Data("#!/bin/sh\n# slingshot\n".utf8).write(to: hook, options: .atomic)
        case .anothers: try Data("#!/bin/sh\nexit 0\n".utf8).write(to: hook, options: .atomic)
        case .readable: try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: secret.path)
        case .empty: try Data().write(to: secret)
        case .gone: try FileManager.default.removeItem(at: secret)
        }
    }

    @Test(
        arguments: zip(
            Mistake.allCases,
            [
                ("hook", "chmod +x"), ("hook", "too"), ("slingshot.secretFile", "chmod o="), ("slingshot.secretFile", "put"),
                ("slingshot.secretFile", "make it"),
            ]))
    func whatIsWrongIsTheOnlyThing(mistake: Mistake, told: (check: String, fix: String)) throws {
        let wrong = try findings { path in
            try setUp(path)
            try make(mistake, in: path)
        }.filter { $0.verdict != .ok }
        #expect(wrong.map(\.check) == [told.check] && wrong.first?.fix?.contains(told.fix) == true, "\(wrong)")
    }

    @Test func oneOnAnotherMachineIsNotKnown() throws {
        #expect(try LocalRepository(url: "https://git.example.com/shop.git") == nil)
        let settings = RepositorySettings(
            name: try #require(RepositoryName("shop")), forge: .generic, repository: "acme/shop", url: "https://git.example.com/shop.git",
            runtime: "box")
        #expect(HookFindings(area: "a", settings: settings).findings(of: nil).map(\.verdict) == [.unknown])
    }
}
