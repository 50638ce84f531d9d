import ControlAPI
import FaultProxy
import Foundation
import KubernetesClient
import SlingshotTestSupport
import StagingModel
import Testing

extension ServeFixture {
    /// A machine whose `serve` reaches the cluster through a proxy only, which lets requests go wrong.
    static func faulty(_ body: @Sendable (ServeFixture, FaultProxy) async throws -> Void) async throws {
        try await run { fixture async throws in
            try await FaultProxy.running(to: fixture.cluster) { proxy async throws in
                let kubeconfig = fixture.directory.appending(path: "faulty.kubeconfig")
                try Data(proxy.kubeconfig.utf8).write(to: kubeconfig)
                try fixture.configure(kubeconfig: kubeconfig.path)
                try await body(fixture, proxy)
            }
        }
    }

    func namespace(of number: Int) -> String { "\(prefix)shop-\(number)" }

    /// Commits a stack that needs no pods, so that no kubelet is waited for: what is applied is ready once the controllers saw it. Another
    /// `variant` changes some objects, one of which has to be replaced for it, adds one, and drops one.
    func pushWithoutPods(_ variant: String, ttl: String? = nil, to numbers: [Int] = [7]) async throws -> CommitID {
        let template = "spec: {restartPolicy: Never, containers: [{name: app, image: \(image), env: [{name: VARIANT, value: \(variant)}]}]}"
        let manifests = """
            {apiVersion: v1, kind: ConfigMap, metadata: {name: settings}, data: {variant: \(variant)}}
            ---
            {apiVersion: v1, kind: ConfigMap, metadata: {name: only-\(variant)}, data: {a: b}}
            ---
            {apiVersion: v1, kind: Service, metadata: {name: web}, spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}}
            ---
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: web}
            spec:
              replicas: 0
              selector: {matchLabels: {app: web}}
              template:
                metadata: {labels: {app: web}}
                spec: {containers: [{name: web, image: \(image), env: [{name: VARIANT, value: \(variant)}]}]}
            ---
            {apiVersion: batch/v1, kind: Job, metadata: {name: migrate}, spec: {completions: 0, template: {\(template)}}}

            """
        let files = [
            ".slingshot.yaml": "manifests: deploy\n" + (ttl.map { "ttl: \($0)\n" } ?? ""), "deploy/all.yaml": manifests,
        ]
        let first = try #require(numbers.first)
        let commit = try await repository.commit(files, to: PullRequest.headRef(first))
        for number in numbers.dropFirst() {
            try await repository.git(["update-ref", PullRequest.headRef(number), commit.description])
        }
        return commit
    }

    func namespaceObject(_ number: Int) async throws -> JSONValue? {
        do { return try await object("/api/v1/namespaces/\(namespace(of: number))") } catch let error as KubernetesError
            where error.code == 404
        { return nil }
    }
}

extension Serving {
    /// Asks for the stack until it satisfies `condition`. Throws `ServerUnreachable` when the service dies.
    @discardableResult
    func stack(_ number: Int = 7, until what: String, _ condition: (StackView) -> Bool) async throws -> StackView {
        var last: StackView?
        for _ in 0..<12_000 {
            do {
                let view = try await client.stack("shop-\(number)")
                if condition(view) { return view }
                last = view
            } catch let problem as Problem where problem.status == 404 {}
            try await Task.sleep(for: .milliseconds(50))
        }
        throw ChildProcess.Failure("shop-\(number): waited in vain until \(what); it is \(String(describing: last))")
    }

    /// Waits until this commit is ready.
    @discardableResult
    func ready(_ commit: CommitID, _ number: Int = 7) async throws -> StackView {
        try await stack(number, until: "\(commit.short) is ready") { $0.phase == .ready && $0.commit == commit.description }
    }

    /// How often each outcome is in the stack's history.
    func outcomes(_ number: Int = 7) async throws -> [String: Int] {
        try await client.events(of: "shop-\(number)").filter { $0.kind == .outcome }.reduce(into: [:]) { $0[$1.name, default: 0] += 1 }
    }
}

extension FaultProxy {
    /// The requests that would delete a namespace, or everything of a kind in it.
    func deletions(of namespace: String) -> [ProxiedRequest] {
        requests.filter { request in
            guard request.method == "DELETE", let range = request.target.firstRange(of: "/namespaces/\(namespace)") else { return false }
            let rest = request.target[range.upperBound...].prefix { $0 != "?" }
            return rest.split(separator: "/").count < 2 && (rest.isEmpty || rest.hasPrefix("/"))
        }
    }
}
