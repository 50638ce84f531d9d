import ControlAPI
import Foundation
import StagingModel
import Webhooks

/// A signed delivery that changes nothing, sent the way that the forge's go: through the public address to the `serve` that runs. It shows
/// whether the route is reached, and whether that `serve` has this repository and this secret.
struct TrialFindings {
    var area: String
    var settings: RepositorySettings
    var secret: WebhookSecret
    /// Where to send it: `server.publicURL`, or what `serve` listens on.
    var server: URL
    var isPublic: Bool

    private static let check = "delivery"
    private var forge: Forge { settings.forge }

    func finding(now: Date) async -> Finding {
        // GitLab's token is the secret itself; the others' signatures tell nothing.
        if server.scheme == "http", !Loopback.contains(server.host() ?? ""), forge == .gitlab {
            return .failed(
                area, Self.check, "\(server.absoluteString) has no TLS, and GitLab's deliveries carry the secret as it is",
                fix: "serve it over https, and correct `server.publicURL`")
        }
        let trial = TrialDelivery(
            of: forge, repository: settings.repository, secret: secret, id: "doctor-\(UUID().uuidString.lowercased())", at: now)
        do {
            let status = try await ControlClient(server: server, token: nil).deliver(
                to: forge.rawValue, headers: trial.headers, body: trial.body)
            return finding(status: status)
        } catch is CancellationError {
            return .unknown(area, Self.check, "it was not tried to the end")
        } catch {
            let reason = (error as? ServerUnreachable)?.reason ?? "\(error)"
            return .failed(
                area, Self.check, "no answer from \(server.absoluteString) (\(reason))",
                fix: "start `slingshot serve`" + (isPublic ? ", and see that \(server.absoluteString) leads to it" : ""))
        }
    }

    func finding(status: Int) -> Finding {
        let address = WebhookFindings.joined(server.absoluteString, "/webhooks/\(forge.rawValue)")
        switch status {
        case 200, 202:
            let note = isPublic ? "" : "; set `server.publicURL` to try the way that the forge's take"
            return .ok(area, Self.check, "a signed one to \(address) is answered \(status)\(note)")
        case 401:
            return .failed(
                area, Self.check, "\(address) does not take this repository's secret",
                fix: "the `serve` that runs has read another one; start it again")
        case 404:
            return .failed(
                area, Self.check, "\(address) does not know \(settings.repository)",
                fix: "start `serve` again with this configuration, or see where that address leads")
        case 300..<400:
            return .failed(
                area, Self.check, "\(address) sends deliveries on to another address (\(status)), which forges don't follow",
                fix: "correct `server.publicURL`")
        default:
            return .failed(
                area, Self.check, "\(address) answers \(status)", fix: "see what answers there: a proxy before Slingshot, or its log")
        }
    }
}
