import Foundation
import Logging
import Orchestration
import PodmanRuntime
import SlingshotTestSupport
import StagingModel
import Testing

/// podman on this machine, past the runtime and through it.
enum PodmanTestEngine {
    static let image = ProcessInfo.processInfo.environment["SLINGSHOT_DEMO_IMAGE"] ?? "SLINGSHOT_DEMO_IMAGE is not set"

    /// Throws where these tests can't run, with what to do about it.
    static func require() throws {
        try #require(geteuid() == 0, "stacks on podman need root; run the tests as root (sudo -E make test)")
        try #require(
            ProcessInfo.processInfo.environment["SLINGSHOT_DEMO_IMAGE"] != nil,
            "SLINGSHOT_DEMO_IMAGE must name an image that runs; `make test` makes one")
        try #require(
            FileManager.default.isExecutableFile(atPath: "/usr/bin/podman"), "podman is not installed; run dev/setup, or install it")
    }

    /// What podman's own command line says.
    static func podman(_ arguments: [String], accepting: Set<Int32> = [0]) async throws -> String {
        // podman's lists fail when something goes while they are read
        let tries = arguments.contains("ps") || arguments.contains("ls") ? 10 : 1
        for _ in 1..<tries {
            if let list = try? await ChildProcess.run(podman, arguments, accepting: accepting).output { return list }
        }
        return try await ChildProcess.run(podman, arguments, accepting: accepting).output
    }

    private static let podman = URL(filePath: "/usr/bin/podman")

    /// Everything that podman has with this text in its name: containers, pods, networks, volumes.
    static func leftovers(_ text: String) async throws -> [String] {
        var found: [String] = []
        for arguments in [
            ["ps", "-a", "--format", "{{.PodName}} {{.Names}}"], ["pod", "ls", "--format", "{{.Name}}"],
            ["network", "ls", "--format", "{{.Name}}"], ["volume", "ls", "--format", "{{.Name}}"],
        ] {
            found += try await podman(arguments).split(separator: "\n").filter { $0.contains(text) }.map { "\(arguments[0]): \($0)" }
        }
        return found
    }

    /// Removes what a test that failed left behind.
    static func remove(_ text: String) async {
        for (list, remove) in [
            (["pod", "ls", "--format", "{{.Name}}"], ["pod", "rm", "-f", "-t", "0"]),
            (["network", "ls", "--format", "{{.Name}}"], ["network", "rm", "-f"]),
            (["volume", "ls", "--format", "{{.Name}}"], ["volume", "rm", "-f"]),
        ] {
            for name in (try? await podman(list))?.split(separator: "\n") ?? [] where name.contains(text) {
                _ = try? await podman(remove + [String(name)])
            }
        }
    }

    /// A runtime with a prefix of its own, so that tests don't meet; what it leaves is removed.
    static func withRuntime(_ body: @Sendable (PodmanRuntime, PodmanStack) async throws -> Void) async throws {
        try require()
        let prefix = "p\(String(UInt32.random(in: 0...0xFF_FFFF), radix: 36))-"
        let stack = try #require(StackName("shop-7"))
        do {
            try await withTemporaryDirectory { directory in
                let settings = PodmanRuntime.Settings(
                    socket: nil, folder: directory.appending(path: "podman"), namespacePrefix: prefix, keeps: true, forwarder: [])
                try await PodmanRuntime.with(settings, logger: Logger(label: "test")) { runtime in
                    try await body(runtime, PodmanStack(stack: stack, namespace: prefix + stack.description))
                }
            }
        } catch {
            await remove(prefix)
            throw error
        }
        #expect(try await leftovers(prefix) == [])
        await remove(prefix)
    }
}

/// One stack's plans, made of manifests as a commit has them.
struct PodmanStack: Sendable {
    let stack: StackName
    let namespace: String

    /// A lease of one hour.
    let lease = Lease(startedAt: Date(), expiresAt: Date().addingTimeInterval(3600))

    func plan(_ objects: [JSONValue], digest: String = "digest") throws -> Plan {
        let space = PlannedObject(
            apiVersion: "v1", kind: "Namespace", name: namespace, namespace: nil, wave: .namespace,
            manifest: [
                "metadata": [
                    "name": .string(namespace), "labels": JSONValue(StackMetadata.labels(of: stack)),
                    "annotations": [StackMetadata.title: "a title", StackMetadata.headSHA: .string(String(repeating: "a", count: 40))],
                ]
            ])
        let planned = objects.map { object in
            PlannedObject(
                apiVersion: "v1", kind: object["kind"]?.string ?? "", name: object["metadata"]?["name"]?.string ?? "", namespace: namespace,
                wave: .workload, manifest: object)
        }
        return Plan(
            stack: stack, namespace: namespace, commit: try #require(CommitID(String(repeating: "a", count: 40))),
            url: "http://\(stack).example.com", timeToLive: nil, objects: [space] + planned, digest: digest)
    }

    func container(_ script: String? = nil, fields: JSONValue = [:]) -> JSONValue {
        var container = fields
        container["name"] = fields["name"] ?? "app"
        container["image"] = fields["image"] ?? .string(PodmanTestEngine.image)
        if let script { container["command"] = ["/bin/sh", "-c", .string(script)] }
        return container
    }

    static let probe: JSONValue = ["httpGet": ["path": "/", "port": 8080], "periodSeconds": 1, "timeoutSeconds": 5]

    func workload(_ kind: String, _ name: String, _ containers: [JSONValue], spec: JSONValue = [:], pod: JSONValue = [:]) -> JSONValue {
        var podSpec = pod
        podSpec["containers"] = .array(containers)
        var spec = spec
        spec["selector"] = ["matchLabels": ["app": .string(name)]]
        spec["template"] = ["metadata": ["labels": ["app": .string(name)]], "spec": podSpec]
        return ["kind": .string(kind), "metadata": ["name": .string(name)], "spec": spec]
    }

    func service(_ name: String, port: Int64, target: Int64) -> JSONValue {
        [
            "kind": "Service", "metadata": ["name": .string(name)],
            "spec": ["selector": ["app": .string(name)], "ports": [["port": .integer(port), "targetPort": .integer(target)]]],
        ]
    }

    /// Runs a command in the first container of a workload, as somebody in it would.
    func exec(_ workload: String, _ command: [String], accepting: Set<Int32> = [0]) async throws -> String {
        let names = try await PodmanTestEngine.podman(["ps", "--format", "{{.Names}}"]).split(separator: "\n")
        let name = try #require(names.first { $0.hasPrefix("\(namespace)-\(workload)-") })
        return try await PodmanTestEngine.podman(["exec", String(name)] + command, accepting: accepting)
    }
}
