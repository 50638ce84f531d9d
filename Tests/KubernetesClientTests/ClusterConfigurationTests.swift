import Foundation
import Testing

@testable import KubernetesClient

@Suite struct ClusterConfigurationTests {
    /// A folder with files of these contents, for as long as the body runs.
    private func withFiles(_ files: [String: String], _ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "cluster-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for (name, content) in files { try Data(content.utf8).write(to: folder.appending(path: name)) }
        try body(folder.path())
    }

    @Test(arguments: [("10.0.0.1", "https://10.0.0.1:443"), ("fd00::1", "https://[fd00::1]:443")])
    func aPodUsesItsServiceAccount(host: String, server: String) throws {
        try withFiles(["namespace": "team\n", "ca.crt": "CA", "token": "t"]) { folder in
            let environment = ["KUBERNETES_SERVICE_HOST": host, "KUBERNETES_SERVICE_PORT": "443"]
            let configuration = try ClusterConfiguration.inCluster(environment: environment, serviceAccount: folder)
            #expect(configuration.server == server)
            #expect(configuration.namespace == "team")
            #expect(configuration.trustRoots == Array("CA".utf8))
            #expect(configuration.token == .file(folder + "/token"))
        }
    }

    @Test(arguments: [
        ([:], "set KUBECONFIG"), (["KUBECONFIG": "/a:/b"], "2 files"), (["KUBECONFIG": "/nowhere/config"], "/nowhere/config"),
        (["KUBERNETES_SERVICE_HOST": "h", "KUBERNETES_SERVICE_PORT": "1"], "serviceaccount/namespace"),
    ]) func whatIsMissingIsNamed(environment: [String: String], named: String) {
        let error = #expect(throws: KubernetesError.self) { try ClusterConfiguration.load(environment: environment) }
        #expect(error?.description.contains(named) == true)
    }

    @Test func aTokenFileIsReadAgain() throws {
        try withFiles(["token": "one\n"]) { folder in
            let token = BearerToken(.file(folder + "/token"))
            let start = ContinuousClock.now
            #expect(try token.value(at: start) == "one")
            try Data("two".utf8).write(to: URL(filePath: folder + "/token"))
            #expect(try token.value(at: start + .seconds(59)) == "one")
            #expect(try token.value(at: start + .seconds(60)) == "two")
            // while it is being replaced, the last one serves
            try FileManager.default.removeItem(atPath: folder + "/token")
            #expect(try token.value(at: start + .seconds(200)) == "two")
        }
    }

    @Test func aTokenFileThatIsEmptyIsNamed() throws {
        try withFiles(["token": " \n"]) { folder in
            #expect(throws: KubernetesError.self) { try BearerToken(.file(folder + "/token")).value(at: .now) }
        }
    }
}
