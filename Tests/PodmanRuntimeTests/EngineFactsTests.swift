import Foundation
import Testing

@testable import PodmanRuntime

@Suite struct EngineFactsTests {
    /// What podman 4.3.1 says of itself, run by the user 994; shortened.
    private static let answer = """
        {"host": {"cgroupControllers": ["cpu", "memory", "pids"], "cgroupVersion": "v2", "networkBackend": "netavark",
          "idMappings": {"uidmap": [{"container_id": 0, "host_id": 994, "size": 1}, {"container_id": 1, "host_id": 100000, "size": 65536}]},
          "security": {"rootless": true}},
         "store": {"graphDriverName": "overlay", "graphRoot": "/var/lib/slingshot/.local/share/containers/storage",
          "runRoot": "/run/user/994/containers"},
         "version": {"Version": "4.3.1"}}
        """

    private func facts() throws -> EngineFacts {
        EngineFacts(info: try JSONDecoder().decode(EngineFacts.Info.self, from: Data(Self.answer.utf8)))
    }

    @Test func aUsersPodmanIsForThatUser() throws {
        let facts = try facts()
        #expect(facts.problem(caller: 994) { _ in true } == nil)
        #expect(facts.warnings == [])
        #expect(facts.problem(caller: 0) { _ in true }?.contains("user 994; run Slingshot as that user") == true)
    }

    @Test(arguments: [("4.3.1", true), ("5.0.0-dev", true), ("4.2.9", false), ("3.4", false), ("x", false)])
    func versions(text: String, isGood: Bool) throws {
        #expect((EngineFacts.problem(version: text) == nil) == isGood)
        var facts = try facts()
        facts.version = text
        #expect((facts.problem(caller: 994) { _ in true } == nil) == isGood)
    }

    @Test func whatDoesNotDoIsToldWithTheFix() throws {
        var other = try facts()
        other.networkBackend = "cni"
        #expect(other.problem(caller: 994) { _ in true }?.contains("install netavark and aardvark-dns") == true)
        other.isRootless = false
        #expect(other.problem(caller: 0) { _ in true }?.contains("install netavark and aardvark-dns") == true)
        var undelegated = try facts()
        undelegated.controllers = ["memory", "pids"]
        #expect(undelegated.problem(caller: 994) { _ in true }?.contains("may not limit cpu; give its unit") == true)
        undelegated.isRootless = false
        #expect(undelegated.problem(caller: 0) { _ in true } == nil)
    }

    @Test(arguments: [("4.3.1", "/var/lib/x", false), ("4.3.1", "/home/x", true), ("5.0.1", "/var/lib/x", true)])
    func podman4HidesWhatIsBelowVarLib(version: String, storage: String, isGood: Bool) throws {
        var facts = try facts()
        (facts.version, facts.storage) = (version, storage)
        let problem = facts.problem(caller: 994) { $0 != "/var/lib/cni" }
        #expect((problem == nil) == isGood)
        #expect(problem?.contains("mkdir /var/lib/cni") != false)
        #expect(facts.problem(caller: 994) { _ in true } == nil)
    }

    @Test func whatHasNoEffectIsTold() throws {
        var old = try facts()
        (old.controlGroups, old.controllers) = ("v1", [])
        #expect(old.problem(caller: 994) { _ in true } == nil)
        #expect(old.warnings.count == 1 && old.warnings[0].contains("limits of cpu, memory and processes have no effect"))
        old.storageDriver = "vfs"
        #expect(old.warnings.count == 2)
        old.isRootless = false
        #expect(old.warnings.count == 1 && old.warnings[0].contains("copies its whole image"))
    }
}
