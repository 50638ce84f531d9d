import Foundation
import Testing

@testable import KubernetesClient

@Suite struct KubeconfigMergingTests {
    private static func yaml(current: String?, names: [String], from origin: String) -> String {
        func list(_ key: String, _ value: String) -> String {
            "[\(names.map { "{name: \($0), \(key): {\(value)}}" }.joined(separator: ", "))]"
        }
        return """
            current-context: \(current ?? "''")
            clusters: \(list("cluster", "server: 'https://\(origin)'"))
            contexts: \(list("context", "cluster: \(names.last ?? ""), user: \(names.last ?? ""), namespace: \(origin)"))
            users: \(list("user", "token: \(origin)"))
            """
    }

    /// The files, first to last, and where the context comes from that is the current one then.
    @Test(
        arguments: [
            ([("a", ["a"]), ("b", ["b"])], "one", ["a", "b"]),
            ([(nil, ["a"]), ("b", ["b"])], "two", ["a", "b"]),
            ([(nil, ["a"]), ("a", ["a", "b"])], "one", ["a", "b"]),
            ([("a", []), ("b", ["a", "b"])], "two", ["a", "b"]),
        ] as [([(String?, [String])], String, [String])])
    func theFirstFileWins(files: [(String?, [String])], origin: String, contexts: [String]) async throws {
        let contents = Dictionary(
            uniqueKeysWithValues: zip(["one", "two"], files).map { ($0, Self.yaml(current: $1.0, names: $1.1, from: $0)) })
        try await withFiles(contents) { folder in
            // those that do not exist, and empty entries, are left out
            let merged = try Kubeconfig(merging: ["/nowhere/config", folder + "/one", folder + "/two"])
            #expect(merged.contexts.keys.sorted() == contexts)
            let list = "/nowhere/config::\(folder)/one:\(folder)/two:"
            #expect(try ClusterConfiguration.load(environment: ["KUBECONFIG": list]).namespace == origin)
        }
    }

    @Test func entriesOfOneNameAreNeverMixed() throws {
        var first = try Kubeconfig(yaml: "users: [{name: u, user: {token: t}}]")
        first.merge(try Kubeconfig(yaml: "users: [{name: u, user: {tokenFile: f, client-key: k}}]"))
        #expect(first.users["u"]?.token == "t")
        #expect(first.users["u"]?.tokenFile == nil)
        #expect(first.users["u"]?.clientKey == nil)
    }

    @Test func pathsAreRelativeToTheFileInWhichTheyStand() async throws {
        let contexts = "{current-context: c, contexts: [{name: c, context: {cluster: c, user: u}}]}"
        let cluster = "clusters: [{name: c, cluster: {server: 'https://x', certificate-authority: ca.crt}}]"
        let user = "users: [{name: u, user: {tokenFile: token, client-certificate: crt, client-key: /nowhere/key}}]"
        let files = ["a/config": contexts, "b/config": cluster, "b/ca.crt": "CA of b", "c/config": user, "ca.crt": "wrong"]
        try await withFiles(files) { folder in
            let merged = try Kubeconfig(merging: ["a", "b", "c"].map { "\(folder)/\($0)/config" })
            #expect(merged.clusters["c"]?.certificateAuthority == "\(folder)/b/ca.crt")
            #expect(merged.users["u"]?.tokenFile == "\(folder)/c/token")
            #expect(merged.users["u"]?.clientCertificate == "\(folder)/c/crt")
            #expect(merged.users["u"]?.clientKey == "/nowhere/key")
        }
    }

    @Test(arguments: [("aws", "aws"), ("./aws", "/etc/k/./aws"), ("bin/aws", "/etc/k/bin/aws"), ("/bin/aws", "/bin/aws")])
    func aCommandIsRelativeWhenItHasASlash(command: String, resolved: String) throws {
        let kubeconfig = try Kubeconfig(yaml: "users: [{name: u, user: {exec: {command: \(command)}}}]")
        #expect(kubeconfig.resolvingPaths(relativeTo: "/etc/k").users["u"]?.exec?.command == resolved)
    }

    @Test func aFileThatIsNoKubeconfigIsNamed() async throws {
        try await withFiles(["one": "{}", "two": "[]"]) { folder in
            let error = #expect(throws: KubernetesError.self) { try Kubeconfig(merging: [folder + "/one", folder + "/two"]) }
            #expect(error?.description.hasPrefix("\(folder)/two: not a kubeconfig") == true)
        }
    }
}
