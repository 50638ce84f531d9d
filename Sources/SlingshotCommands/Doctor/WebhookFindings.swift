import Forges
import Foundation
import StagingModel

/// What a forge shows of a repository's webhooks, held against what docs/forges.md says: a finding for each of its lines. Pure.
struct WebhookFindings {
    var area: String
    var forge: Forge
    /// `server.publicURL`; nil when it is not configured, so that the forge's own word has to do.
    var publicURL: String?

    private var route: String { "/webhooks/\(forge.rawValue)" }
    private var address: String { publicURL.map { Self.joined($0, route) } ?? "https://slingshot.example.com\(route)" }

    func findings(of webhooks: [ForgeWebhook]) -> [Finding] {
        let ours = webhooks.filter { isOurs($0.url) }
        guard let hook = ours.first(where: \.isActive) ?? ours.first else { return [missing(webhooks)] }
        var findings: [Finding] = [
            hook.isActive
                ? .ok(area, "webhook", "it is there, and active")
                : .failed(
                    area, "webhook", "it is there, and not active", fix: "switch it on; a forge also does that to one that failed often"),
            .ok(area, "webhook address", Self.bare(hook.url)),
        ]
        if ours.count > 1 {
            findings[0] = .warning(
                area, "webhook", "there are \(ours.count) that post here: each event is told as often", fix: "remove all but one")
        }
        findings.append(contentType(hook))
        findings.append(secret(hook))
        findings.append(events(hook))
        findings.append(answer(hook))
        return findings
    }

    /// The same address, or, where that is not known, one that ends in the route.
    private func isOurs(_ url: String) -> Bool {
        let plain = url.hasSuffix("/") ? String(url.dropLast()) : url
        guard publicURL != nil else { return plain.hasSuffix(route) }
        return plain.lowercased() == address.lowercased()
    }

    private func missing(_ webhooks: [ForgeWebhook]) -> Finding {
        if let other = webhooks.first(where: { $0.url.contains("/webhooks/") && $0.isActive }) {
            return .failed(
                area, "webhook address", "no webhook posts to \(address), but one does to \(Self.bare(other.url))",
                fix: "correct its address, or `server.publicURL`")
        }
        return .failed(
            area, "webhook", "the repository has \(webhooks.isEmpty ? "no webhook" : "none that posts to \(address)")",
            fix: "add one with that address; docs/forges.md has the five steps")
    }

    private func contentType(_ hook: ForgeWebhook) -> Finding {
        let check = "webhook content type"
        switch hook.sendsJSON {
        case true?: return .ok(area, check, "application/json")
        case false?: return .failed(area, check, "it sends a form, which is refused", fix: "set it to application/json")
        case nil: return .unknown(area, check, "\(forge.title) does not tell")
        }
    }

    private func secret(_ hook: ForgeWebhook) -> Finding {
        let check = "webhook secret"
        if hook.verifiesTLS == false {
            return .warning(
                area, check, "the forge does not check the certificate of who gets the deliveries",
                fix: "switch the verification of certificates on in the webhook's settings")
        }
        switch hook.hasSecret {
        case true?: return .ok(area, check, "one is set; whether it is ours, its deliveries show")
        case false?: return .failed(area, check, "none is set", fix: "set the repository's `webhookSecret` there")
        case nil: return .unknown(area, check, "\(forge.title) does not tell whether one is set; its deliveries show whether it is ours")
        }
    }

    private func events(_ hook: ForgeWebhook) -> Finding {
        let check = "webhook events"
        guard hook.lacks.isEmpty else {
            return .failed(
                area, check, "it does not send: \(hook.lacks.joined(separator: ", "))", fix: "tick them in the webhook's settings")
        }
        guard hook.sendsComments else {
            return .warning(
                area, check, "it does not send comments, so that no command in one is heard", fix: "tick that too, if commands are wanted")
        }
        return .ok(area, check, "it sends all that is needed")
    }

    private func answer(_ hook: ForgeWebhook) -> Finding {
        let check = "last delivery"
        switch hook.lastAnswer {
        case nil: return .unknown(area, check, "\(forge.title) tells of none")
        case 0?:
            return .failed(
                area, check, "it got no answer", fix: "make the address reachable from the forge: DNS, firewall, certificate, proxy")
        case (200..<300)?: return .ok(area, check, "it was answered \(hook.lastAnswer ?? 0)")
        case 401?:
            return .failed(
                area, check, "it was answered 401",
                fix: "the webhook's secret is not the `webhookSecret` of this repository; set the same in both")
        case 404?:
            return .failed(
                area, check, "it was answered 404",
                fix: "the repository is named otherwise by the forge now; correct `repository` and `url`")
        case let status?:
            return .failed(
                area, check, "it was answered \(status)", fix: "look at the answer in the webhook's settings, and at the log of serve")
        }
    }

    static func joined(_ base: String, _ path: String) -> String { (base.hasSuffix("/") ? String(base.dropLast()) : base) + path }

    /// Without what could be a password or a token in it.
    static func bare(_ url: String) -> String {
        guard var parts = URLComponents(string: url) else { return "another address" }
        (parts.user, parts.password, parts.query, parts.fragment) = (nil, nil, nil, nil)
        return parts.string ?? "another address"
    }
}

extension Forge {
    /// For people.
    var title: String { Forge(rawValue: rawValue)?.name ?? "a plain git server" }
}
