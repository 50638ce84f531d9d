import Forges
import Foundation
import GitRefs
import Logging
import Orchestration
import StagingModel

/// Looks at everything that a configuration names, at the same time, and says what is wrong. It changes nothing: no stack, no database, nothing
/// on a forge.
struct Examination: Sendable {
    var configuration: ServerConfiguration
    /// The only repository to look at; nil for all.
    var only: RepositoryName?
    var clock: any WallClock = SystemClock()
    var logger: Logger
    /// Seconds that one area may take.
    var patience: Double = 60

    /// In the order: machine, engines by name, repositories as configured.
    func findings(onDone: @escaping @Sendable (_ area: String) -> Void) async throws -> [Finding] {
        let mirrors = FileManager.default.temporaryDirectory.appending(path: "slingshot-doctor-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: mirrors) }
        return try await Forges.with(clock: clock, secret: { try $0.read(for: "the credentials of a repository") }) { forges in
            let refs = GitRefs(directory: mirrors, logger: logger, login: forges.login)
            var areas: [(name: String, look: @Sendable () async throws -> [Finding])] = []
            if only == nil {
                areas.append(("machine", { await MachineCheckup(configuration: configuration).findings() }))
                for (name, runtime) in configuration.runtimes.sorted(by: { $0.key < $1.key }) {
                    areas.append(("runtime \(name)", { try await engine(name, runtime) }))
                }
            }
            for repository in configuration.repositories where only.map({ $0 == repository.settings.name }) ?? true {
                let checkup = RepositoryCheckup(
                    repository: repository, publicURL: configuration.publicURL, local: local, forges: forges, refs: refs, clock: clock)
                areas.append((checkup.area, { await checkup.findings() }))
            }
            return await withTaskGroup(of: (Int, [Finding]).self) { group in
                for (index, area) in areas.enumerated() {
                    group.addTask {
                        let found = await within(area.name, area.look)
                        onDone(area.name)
                        return (index, found)
                    }
                }
                var found: [Int: [Finding]] = [:]
                for await (index, findings) in group { found[index] = findings }
                return areas.indices.flatMap { found[$0] ?? [] }
            }
        }
    }

    private func engine(_ name: String, _ runtime: ServerConfiguration.Runtime) async throws -> [Finding] {
        let area = "runtime \(name)"
        return try await Clusters.with(
            [name: runtime], namespacePrefix: configuration.policy.addressing.namespacePrefix, state: configuration.state, keeps: false,
            logger: logger
        ) { runtimes in
            guard let engine = runtimes[name] else { return [] }
            let stacks = try await engine.stacks()
            return [.ok(area, "engine", "it answers; \(stacks.count) \(stacks.count == 1 ? "stack is" : "stacks are") there")]
                + (try await engine.access()).map {
                    Finding($0, in: area, fix: "give the account the role of deploy/kubernetes/rbac.yaml")
                }
        }
    }

    private func within(_ area: String, _ look: @escaping @Sendable () async throws -> [Finding]) async -> [Finding] {
        let clock = clock
        let patience = patience
        return await withTaskGroup(of: [Finding].self) { group in
            group.addTask {
                do { return try await look() } catch { return [.failed(area, "access", "\(error)")] }
            }
            group.addTask {
                try? await clock.sleep(until: clock.now.addingTimeInterval(patience))
                return [.failed(area, "access", "it took longer than \(Int(patience)) s", fix: "see what does not answer")]
            }
            defer { group.cancelAll() }
            return await group.next() ?? []
        }
    }

    private var local: URL {
        let host = ["", "0.0.0.0", "::"].contains(configuration.host) ? "127.0.0.1" : configuration.host
        return URL(string: "http://\(host.contains(":") ? "[\(host)]" : host):\(configuration.port)") ?? URL(filePath: "/")
    }
}
