import Foundation
import NIOCore
import Orchestration
import StagingModel

/// Brings an image from this machine to a registry. What is there already is not sent again.
struct ImagePush {
    let client: PodmanClient
    let registry: BuildSettings.Registry

    /// Longer than a large image over a slow line takes.
    private static let patience: Duration = .seconds(900)

    /// Throws `StepError`: whatever a registry refuses is for its operator to mend, so trying again can help.
    func push(_ image: String) async throws {
        struct Line: Decodable { var error: String? }
        var failure: String?
        do {
            let answer = try await client.send(
                .post, "/images/\(PodmanClient.escaped(image))/push", [("tlsVerify", registry.isInsecure ? "false" : "true")],
                headers: headers, timeout: Self.patience)
            failure =
                String(buffer: answer).split(separator: "\n").lazy
                .compactMap { (try? JSONDecoder().decode(Line.self, from: Data($0.utf8)))?.error }.first
        } catch PodmanError.status(_, let message, _) {
            failure = message
        }
        guard let failure else { return }
        let line = failure.oneLine(limit: 600)
        throw StepError(
            "the image can't be pushed: \(line.count > 250 ? "…\(line.suffix(250))" : line); look at the registry, and at `builds` of the server",
            isRetryable: true)
    }

    /// https://docs.podman.io/en/latest/_static/api.html: `X-Registry-Auth` is base64url of a JSON object.
    private var headers: [(String, String)] {
        guard let user = registry.user, let password = registry.password else { return [] }
        let text = JSONValue.object(["username": .string(user), "password": .string(password)]).canonicalBytes
        let encoded = Data(text).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
        return [("X-Registry-Auth", encoded)]
    }
}
