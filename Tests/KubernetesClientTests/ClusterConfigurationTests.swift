import Foundation
import Testing

@testable import KubernetesClient

@Suite struct ClusterConfigurationTests {
    @Test(arguments: [("10.0.0.1", "https://10.0.0.1:443"), ("fd00::1", "https://[fd00::1]:443")])
    func aPodUsesItsServiceAccount(host: String, server: String) async throws {
        try await withFiles(["namespace": "team\n", "ca.crt": "CA", "token": "t"]) { folder in
            let environment = ["KUBERNETES_SERVICE_HOST": host, "KUBERNETES_SERVICE_PORT": "443"]
            let configuration = try ClusterConfiguration.inCluster(environment: environment, serviceAccount: folder)
            #expect(configuration.server == server)
            #expect(configuration.namespace == "team")
            #expect(configuration.trustRoots == Array("CA".utf8))
            #expect(configuration.authentication == .tokenFile(folder + "/token"))
        }
    }

    @Test(arguments: [
        ([:], "set KUBECONFIG"), (["KUBECONFIG": "/nowhere/a::/nowhere/b"], "/nowhere/a, /nowhere/b"),
        (["KUBECONFIG": "/nowhere/config"], "/nowhere/config"),
        (["KUBERNETES_SERVICE_HOST": "h", "KUBERNETES_SERVICE_PORT": "1"], "serviceaccount/namespace"),
    ]) func whatIsMissingIsNamed(environment: [String: String], named: String) {
        let error = #expect(throws: KubernetesError.self) { try ClusterConfiguration.load(environment: environment) }
        #expect(error?.description.contains(named) == true)
    }

    @Test func aTokenFileIsReadAgain() async throws {
        try await withFiles(["token": "one\n"]) { folder in
            let token = TokenFile(folder + "/token")
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

    @Test func aTokenFileThatIsEmptyIsNamed() async throws {
        try await withFiles(["token": " \n"]) { folder in
            _ = #expect(throws: KubernetesError.self) { try TokenFile(folder + "/token").value(at: .now) }
        }
    }
}
