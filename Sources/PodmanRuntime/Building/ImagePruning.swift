import Foundation
import NIOCore
import NIOFoundationCompat
import StagingModel

/// Removes images that were built here and that nobody wants any more, and the layers that were only theirs.
struct ImagePruning {
    let client: PodmanClient
    let prefix: String

    struct Image: Decodable, Hashable {
        var id: String
        /// Empty for a layer.
        var names: [String]?

        private enum CodingKeys: String, CodingKey {
            case id = "Id"
            case names = "Names"
        }
    }

    /// Layers are left alone while something is being built of them. Returns how many images went. What a container uses stays.
    func prune(keeping wanted: Set<String>, isBuilding: Bool) async throws -> Int {
        var count = 0
        for image in try await images() {
            for name in image.names ?? [] where name.hasPrefix("localhost/slingshot/\(prefix)") && !wanted.contains(name) {
                // takes the layers along that nothing else is made of
                if try await remove("/images/\(PodmanClient.escaped(name))") { count += 1 }
            }
        }
        guard !isBuilding else { return count }
        // What failed, or was interrupted, ends in a layer that nothing is made of; podman refuses the others.
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
        let labels = ["\(StackMetadata.managedBy)=\(StackMetadata.manager)", "\(BuildLabels.prefix)=\(prefix)"]
        let filters: JSONValue = ["label": .array(labels.map { .string($0) })]
        return try await client.get("/images/json", [("all", "true"), ("filters", filters.canonicalText)])
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
