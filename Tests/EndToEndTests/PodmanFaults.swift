import FaultProxy
import Foundation
import SlingshotTestSupport
import StagingModel
import Synchronization
import Testing

@testable import PodmanRuntime

/// podman's service, kept as systemd keeps one: whenever it dies it is started again.
final class KeptPodman: Sendable {
    let socket: String
    private let current = Mutex<ChildProcess?>(nil)

    private init(socket: String) { self.socket = socket }

    /// Runs `body` once the service answers.
    static func running<T: Sendable>(in folder: URL, _ body: @Sendable (KeptPodman) async throws -> T) async throws -> T {
        let podman = KeptPodman(socket: folder.appending(path: "real.sock").path)
        var environment: [String: String] = [:]
        if let text = MachineFacts.here().containersConfiguration {
            let file = folder.appending(path: "containers.conf")
            try Data(text.utf8).write(to: file)
            environment["CONTAINERS_CONF"] = file.path
        }
        return try await withThrowingTaskGroup(of: Void.self) { [environment] group in
            defer { group.cancelAll() }
            group.addTask { while !Task.isCancelled { try await podman.live(environment) } }
            try await podman.answer()
            return try await body(podman)
        }
    }

    private func live(_ environment: [String: String]) async throws {
        try? FileManager.default.removeItem(atPath: socket)
        try await ChildProcess.running(
            URL(filePath: "/usr/bin/podman"), ["system", "service", "--time", "0", "unix://\(socket)"], environment: environment
        ) { child in
            current.withLock { $0 = child }
            await withTaskCancellationHandler {
                await child.ended()
            } onCancel: {
                child.terminate()
            }
        }
    }

    /// Kills the service as an accident would.
    func kill() async { await current.withLock { $0 }?.kill() }

    /// Returns when the service answers.
    func answer() async throws {
        let client = PodmanClient(socket: socket)
        for _ in 0..<600 {
            if await client.answers() { return await client.shutdown() }
            try await Task.sleep(for: .milliseconds(20))
        }
        await client.shutdown()
        throw ChildProcess.Failure("podman's service does not answer at \(socket)")
    }
}

extension PodmanServe {
    /// A machine whose `serve` reaches podman through a proxy only, which lets requests go wrong.
    static func faulty(_ body: @Sendable (PodmanServe, FaultProxy, KeptPodman) async throws -> Void) async throws {
        try await run { fixture async throws in
            try await KeptPodman.running(in: fixture.directory) { podman async throws in
                let socket = fixture.directory.appending(path: "podman.sock").path
                try await FaultProxy.running(toSocket: podman.socket, at: socket) { proxy async throws in
                    try fixture.configure(runtime: "{kind: podman, socket: \"\(socket)\"}")
                    try await body(fixture, proxy, podman)
                }
            }
        }
    }

    /// Commits a stack of one small pod that has something of everything. Another `variant` changes the pod and its files.
    func pushSmall(_ variant: String, to numbers: [Int]) async throws -> CommitID {
        let script = "trap 'exit 0' TERM; /bin/busybox httpd -p 8080 -h /etc/site; /bin/busybox sleep 100000 & wait"
        let manifests = """
            {apiVersion: v1, kind: ConfigMap, metadata: {name: site}, data: {index.html: \(variant)}}
            ---
            {apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Mi}}}}
            ---
            {apiVersion: v1, kind: Service, metadata: {name: web}, spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}}
            ---
            apiVersion: networking.k8s.io/v1
            kind: Ingress
            metadata: {name: web}
            spec:
              rules:
                - host: ${{ stack.host }}
                  http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}
            ---
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: web}
            spec:
              selector: {matchLabels: {app: web}}
              template:
                metadata: {labels: {app: web}}
                spec:
                  volumes: [{name: site, configMap: {name: site}}, {name: data, persistentVolumeClaim: {claimName: data}}]
                  containers:
                    - name: web
                      image: \(PodmanTestEngine.image)
                      command: ["/bin/sh", "-c", "\(script)"]
                      volumeMounts: [{name: site, mountPath: /etc/site}, {name: data, mountPath: /data}]
                      readinessProbe: {tcpSocket: {port: 8080}, periodSeconds: 1, timeoutSeconds: 5}

            """
        let first = try #require(numbers.first)
        let files = [".slingshot.yaml": "manifests: deploy\n", "deploy/all.yaml": manifests]
        let commit = try await repository.commit(files, to: PullRequest.headRef(first))
        for number in numbers.dropFirst() { try await repository.git(["update-ref", PullRequest.headRef(number), commit.description]) }
        return commit
    }
}

/// All that podman holds of one stack, so that two outcomes can be compared. What differs between any two stacks is made equal.
struct PodmanSnapshot: Sendable, Equatable {
    /// The network's id; nil when there is none.
    private(set) var uid: String?
    /// `pod web-0: labels …`
    private(set) var lines: [String] = []
    /// Of the current record.
    private(set) var annotations: [String: String] = [:]

    init(namespace: String) async throws {
        func list(_ arguments: [String]) async throws -> [JSONValue] {
            try JSONDecoder().decode(
                [JSONValue].self, from: Data(try await PodmanTestEngine.podman(arguments + ["--format", "json"]).utf8))
        }
        func isOurs(_ name: JSONValue?) -> Bool { name?.string.map { $0 == namespace || $0.hasPrefix("\(namespace)-") } ?? false }
        let network = try await list(["network", "ls"]).first { $0["name"]?.string == namespace }
        uid = network?["id"]?.string
        var records = [network?["labels"]].compactMap(\.self)
        if let network { lines.append("network \(namespace): \(network["internal"] == true) \(network["dns_enabled"] == true)") }
        for pod in try await list(["pod", "ls"]) where isOurs(pod["Name"]) {
            lines.append("pod \(pod["Name"]?.string ?? "") \(pod["Status"]?.string ?? "") \(pod["Labels"]?.canonicalText ?? "")")
        }
        for container in try await list(["ps", "-a"]) where isOurs(container["PodName"]) || isOurs(container["Names"]?.array?.first) {
            lines.append(
                "container \(container["Names"]?.array?.first?.string ?? "") of \(container["PodName"]?.string ?? ""), "
                    + "\(container["State"]?.string ?? "") \(container["Labels"]?.canonicalText ?? "")")
        }
        for volume in try await list(["volume", "ls"]) where isOurs(volume["Name"]) {
            guard volume["Labels"]?[Labels.generation] == nil else {
                if let labels = volume["Labels"] { records.append(labels) }
                continue
            }
            lines.append("volume \(volume["Name"]?.string ?? "") \(volume["Labels"]?.canonicalText ?? "")")
        }
        if let record = records.max(by: { Self.generation($0) < Self.generation($1) }) {
            annotations = (record.object ?? [:]).compactMapValues(\.string)
            lines.append("wanted \(annotations[Labels.wanted] ?? "")")
        }
        if records.count > 2 { lines.append("\(records.count) records") }
        let id = uid ?? "none"
        let number = namespace.split(separator: "-").last.map(String.init) ?? ""
        lines = lines.map {
            // infra containers are named by their pod's id, pods by a digest of what they are
            $0.replacing(id, with: "UID").replacing(/-[0-9a-f]{10}\b/, with: "-DIGEST").replacing(/\b[0-9a-f]{12}-infra/, with: "infra")
                .replacing(number, with: "N")
        }.sorted()
    }

    private static func generation(_ labels: JSONValue) -> Int { labels[Labels.generation]?.string.flatMap { Int($0) } ?? -1 }

    func differences(from other: PodmanSnapshot) -> [String] {
        lines.filter { !other.lines.contains($0) }.map { "there is: \($0)" }
            + other.lines.filter { !lines.contains($0) }.map { "missing: \($0)" }
    }
}

extension PodmanTestEngine {
    /// What podman's own lists do not show: storage without a container, processes, name server entries, mounts, bridges.
    static func hiddenLeftovers(_ text: String, namespaces: [String]) async throws -> [String] {
        var found = try await storage().filter { $0.contains(text) }.map { "storage \($0)" }
        let files = FileManager.default
        found += try processes(["conmon", text]).map { "conmon \($0)" }
        let mounts = try String(contentsOfFile: "/proc/self/mounts", encoding: .utf8)
        found += mounts.split(separator: "\n").filter { $0.contains(text) }.map { "mount \($0)" }
        for folder in ["/run/containers/networks/aardvark-dns", "/etc/containers/networks"] {
            found += try entries(of: folder, with: text)
        }
        let bridges = Set(namespaces.map { PodmanRuntime.interface(of: $0) })
        found += try files.contentsOfDirectory(atPath: "/sys/class/net").filter { bridges.contains($0) }.map { "bridge \($0)" }
        return found
    }

    /// What is in a folder, where there is one.
    static func entries(of folder: String, with text: String) throws -> [String] {
        guard FileManager.default.fileExists(atPath: folder) else { return [] }
        return try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.contains(text) }.map { "\(folder)/\($0)" }
    }

    /// Network namespaces that podman made and nobody is in.
    static func emptyNamespaces() throws -> [String] {
        let files = FileManager.default
        func identity(_ path: String) -> String? { (try? files.attributesOfItem(atPath: path)[.systemFileNumber]).map { "\($0)" } }
        let used = Set(
            try files.contentsOfDirectory(atPath: "/proc").filter { Int($0) != nil }.compactMap { name in
                (try? files.destinationOfSymbolicLink(atPath: "/proc/\(name)/ns/net")).map { $0.filter(\.isNumber) }
            })
        return ((try? files.contentsOfDirectory(atPath: "/run/netns")) ?? []).filter { name in
            name.hasPrefix("netns-") && !(identity("/run/netns/\(name)").map { used.contains($0) } ?? true)
        }
    }

    /// The names of containers of which podman has no more than the storage, and still has after a while: one that is being made looks the
    /// same. An infra container has no stack in its name.
    static func storage() async throws -> [String] {
        var names: Set<String>?
        for _ in 0..<10 where names?.isEmpty != true {
            let now = try await podman(["ps", "-a", "--external", "--format", "{{.Names}} {{.Status}}"]).split(separator: "\n")
                .filter { $0.hasSuffix(" Storage") }.map { String($0.split(separator: " ")[0]) }
            names = names.map { $0.intersection(now) } ?? Set(now)
        }
        return (names ?? []).sorted()
    }

    /// The ids of the machine's processes whose command lines have all of these texts.
    static func processes(_ texts: [String]) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc").filter { name in
            guard Int(name) != nil, let bytes = FileManager.default.contents(atPath: "/proc/\(name)/cmdline") else { return false }
            let line = String(decoding: bytes, as: UTF8.self).replacing("\0", with: " ")
            return texts.allSatisfy { line.contains($0) }
        }
    }

    static func kill(_ processes: [String]) async throws {
        // one may have ended by itself
        if !processes.isEmpty { _ = try await ChildProcess.run(URL(filePath: "/bin/kill"), ["-9"] + processes, accepting: [0, 1]) }
    }
}
