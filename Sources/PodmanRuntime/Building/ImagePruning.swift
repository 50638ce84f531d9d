import Foundation
import NIOCore
import NIOFoundationCompat
import StagingModel

/// Removes images that were built here and that nobody wants any more, and the layers that were only theirs.
struct ImagePruning {
    let client: PodmanClient
    let prefix: String
    /// Only names that begin with this are anything of this builder's.
    let names: String

    struct Image: Decodable, Hashable, Labelled {
        var id: String
        var labels: [String: String]?
        /// Empty for a layer.
        var names: [String]?

        private enum CodingKeys: String, CodingKey {
            case id = "Id"
            case labels = "Labels"
            case names = "Names"
        }
    }

    /// Removes images under other names than these, each with the layers that nothing else is made of. Returns how many went; what a container
    /// uses stays.
    func prune(keeping wanted: Set<String>) async throws -> Int {
        var count = 0
        for image in try await images() {
            for name in image.names ?? [] where name.hasPrefix(names) && !wanted.contains(name) {
                if try await remove("/images/\(PodmanClient.escaped(name))") { count += 1 }
            }
        }
        return count
    }

    /// Removes the layers of builds that failed or were interrupted: nothing is made of them. podman keeps the others. Not to be called while
    /// something is built.
    func pruneLayers() async throws -> Int {
        var count = 0
        while true {
            var removed = 0
            for image in try await images() where image.names?.isEmpty ?? true {
                if try await remove("/images/\(image.id)") { removed += 1 }
            }
            count += removed
            guard removed > 0 else { return count }
        }
    }

    private func images() async throws -> [Image] {
        // one label only: asked for two, podman 4.3 finds no image
        let all: [Image] = try await client.list("/images/json", [("all", "true")], labels: [BuildLabels.prefix: prefix])
        return all.filter { $0.labels?[StackMetadata.managedBy] == StackMetadata.manager }
    }

    /// False when something needs it: then podman answers with an error for a container's, and with nothing done for a layer.
    private func remove(_ path: String) async throws -> Bool {
        struct Report: Decodable {
            var deleted: [String]?
            var untagged: [String]?
            private enum CodingKeys: String, CodingKey {
                case deleted = "Deleted"
                case untagged = "Untagged"
            }
        }
        do {
            let answer = try await client.send(.delete, path)
            let report = try? JSONDecoder().decode(Report.self, from: Data(buffer: answer))
            return !(report?.deleted ?? []).isEmpty || !(report?.untagged ?? []).isEmpty
        } catch let error as PodmanError where error.isNotFound {
            return false
        } catch PodmanError.status(code: 409, _, _) {
            return false
        } catch PodmanError.status(code: 500, let message, let cause)
            where [message, cause].contains(where: { $0.contains("in use") })
        {
            return false
        }
    }
}
