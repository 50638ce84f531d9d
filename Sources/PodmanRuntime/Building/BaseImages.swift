import Foundation
import Orchestration
import StagingModel

/// Brings the images that a build begins with, through the build's own network, and looks at them. The build itself fetches none.
struct BaseImages {
    /// Of the build's service.
    let client: PodmanClient
    let settings: BuildSettings
    let containerfile: Containerfile

    /// Returns when all are there and may be used. Throws `StepError`, which names the line.
    func bring(onLine: (String) async throws -> Void) async throws {
        for image in containerfile.images { try await bring(image, onLine) }
    }

    private func bring(_ image: Containerfile.Image, _ onLine: (String) async throws -> Void) async throws {
        let reference = image.reference
        func refused(_ why: String) -> StepError { containerfile.problem(image.line, "the image \(reference) \(why)") }
        let isLocal = reference.hasPrefix("localhost/")
        guard !isLocal || settings.localImages.contains(reference) else {
            throw refused("is one of this machine's own; name one of a registry, or have it added to `builds.localImages` of the server")
        }
        if try await !Images(client: client).exists(reference) {
            if isLocal { throw refused("is not on this machine") }
            if settings.access == .none { throw refused("is not on this machine, and builds have no network (`builds.network`)") }
            try await onLine("fetching \(reference)")
            try await pull(reference) { refused("can't be pulled: \($0)") }
        }
        let found = try await look(at: reference)
        // A name without a registry may stand for anything, also for an image of the machine's own, or for the beginning of an id.
        guard !found.id.hasPrefix(reference), isLocal || found.names.contains(where: { !$0.hasPrefix("localhost/") }) else {
            throw refused("is one of this machine's own; name its registry, such as docker.io/library/\(reference)")
        }
        guard found.triggers?.isEmpty ?? true else {
            throw refused("has ONBUILD steps, which nobody has looked at; name an image without, or write the steps themselves")
        }
    }

    private struct Found: Decodable {
        struct Settings: Decodable {
            var triggers: [String]?
            private enum CodingKeys: String, CodingKey { case triggers = "OnBuild" }
        }
        var id: String
        var tags: [String]?
        var digests: [String]?
        var settings: Settings?

        var names: [String] { (tags ?? []) + (digests ?? []) }
        var triggers: [String]? { settings?.triggers }

        private enum CodingKeys: String, CodingKey {
            case id = "Id"
            case tags = "RepoTags"
            case digests = "RepoDigests"
            case settings = "Config"
        }
    }

    private func look(at reference: String) async throws -> Found {
        try await client.get("/images/\(PodmanClient.escaped(reference))/json")
    }

    private func pull(_ reference: String, refused: (String) -> StepError) async throws {
        let limit = Duration.seconds(settings.timeout)  // of the whole build, so that comes first
        guard let failure = try await Images(client: client).pull(reference, timeout: limit) else { return }
        let isGone = ["manifest unknown", "not found", "denied", "unauthorized", "short-name"].contains { failure.contains($0) }
        throw StepError(refused(Images.end(of: failure)).message, isRetryable: !isGone)
    }
}
