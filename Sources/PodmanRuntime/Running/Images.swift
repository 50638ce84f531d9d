import Foundation
import NIOCore
import Orchestration
import StagingModel

/// Sees to it that the images of containers are there, as their pull policies say.
struct Images {
    let client: PodmanClient

    /// Longer than a large image over a slow line takes.
    static let patience: Duration = .seconds(900)

    func bring(_ containers: [(workload: String, container: PodmanContainer)]) async throws {
        var seen: Set<String> = []
        for (workload, container) in containers {
            let subject = "\(workload): container \"\(container.name)\""
            if seen.insert("\(container.image) \(container.pull.rawValue)").inserted {
                try await bring(container.image, container.pull, subject: subject)
            }
            if container.mustNotBeRoot { try await refuseRoot(container.image, subject: subject) }
        }
    }

    private func bring(_ image: String, _ policy: PodmanContainer.PullPolicy, subject: String) async throws {
        if policy != .always, try await exists(image) { return }
        let what = "\(subject): the image \"\(image.oneLine(limit: 200))\""
        guard policy != .never else { throw StepError("\(what) is not on this machine, and imagePullPolicy is Never", isRetryable: true) }
        if let failure = try await pull(image, timeout: Self.patience) {
            throw StepError(
                "\(what) can't be pulled: \(Self.end(of: failure))", isRetryable: true, awaitsImage: ImageAbsence.isTold(by: failure))
        }
    }

    /// Fetches an image. Returns podman's reason on one line where it can't be fetched; throws ``PodmanError`` when podman does not tell.
    func pull(_ image: String, timeout: Duration) async throws -> String? {
        struct Line: Decodable { var error: String? }
        do {
            let bytes = try await client.send(.post, "/images/pull", [("reference", image), ("quiet", "true")], timeout: timeout)
            // podman says 200 before it knows, and then one JSON object a line
            let errors = String(buffer: bytes).split(separator: "\n")
                .compactMap { (try? JSONDecoder().decode(Line.self, from: Data($0.utf8)))?.error }
            return errors.first?.oneLine(limit: 600)
        } catch PodmanError.status(_, let message, _) {
            return message.oneLine(limit: 600)
        }
    }

    /// What of podman's reason matters: `initializing source docker://…: pinging container registry …: Get "…": dial tcp …: connection refused`
    static func end(of failure: String) -> String { failure.count > 250 ? "…\(failure.suffix(250))" : failure }

    func exists(_ image: String) async throws -> Bool {
        do {
            try await client.send(.get, "/images/\(PodmanClient.escaped(image))/exists")
            return true
        } catch let error as PodmanError where error.isNotFound { return false }
    }

    /// kubelet's check of `runAsNonRoot`, where no `runAsUser` settles it.
    private func refuseRoot(_ image: String, subject: String) async throws {
        struct Image: Decodable {
            var user: String?
            private enum CodingKeys: String, CodingKey { case user = "User" }
        }
        let found: Image = try await client.get("/images/\(PodmanClient.escaped(image))/json")
        let user = (found.user ?? "").split(separator: ":").first ?? ""
        guard let number = Int(user), number != 0 else {
            throw StepError(
                "\(subject): runAsNonRoot, but the image's user is \(user.isEmpty ? "root" : "\"\(user)\", which may be root"); set runAsUser",
                isRetryable: false)
        }
    }
}
