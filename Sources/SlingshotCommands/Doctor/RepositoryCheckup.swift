import Forges
import Foundation
import GitRefs
import Orchestration
import StagingModel
import Webhooks

/// Everything about one repository: git, the forge's API and rights, its webhook, and the way of a delivery.
struct RepositoryCheckup: Sendable {
    var repository: ServerConfiguration.Repository
    var publicURL: String?
    /// What `serve` listens on, for when it has no public address.
    var local: URL
    var forges: Forges
    var refs: GitRefs
    var clock: any WallClock

    private var settings: RepositorySettings { repository.settings }
    var area: String { "repository \(settings.name)" }

    func findings() async -> [Finding] {
        async let git = git()
        async let rights = rights()
        async let webhook = webhook()
        async let delivery = delivery()
        return await git + rights + webhook + delivery
    }

    private func git() async -> [Finding] {
        do {
            try await refs.reach(settings)
            return [.ok(area, "git", "\(settings.url) answers")]
        } catch { return [.failed(area, "git", "\(error)", fix: "correct `url` or `credentials`")] }
    }

    private func client() throws(ForgeError) -> (any ForgeClient)? { try forges.client(for: settings) }

    private func rights() async -> [Finding] {
        do {
            guard let client = try client() else {
                guard settings.forge.hasAPI else { return [] }
                return [
                    .warning(
                        area, "forge", "without credentials for its API nobody is told of stacks, and no command in a comment is heard",
                        fix: "add `credentials`; docs/forges-credentials.md has the rights")
                ]
            }
            let found = try await client.access()
            return [.ok(area, "forge", "its API takes the credentials")] + [Self.clock(lead: client.clockLead, area)].compactMap(\.self)
                + found.map { Finding($0, in: area, fix: "give the credentials this right; docs/forges-credentials.md says where") }
        } catch { return [.failed(area, "forge", "\(error)")] }
    }

    /// A minute is what GitHub forgives an App, and its deliveries come with times of its own.
    static func clock(lead: TimeInterval?, _ area: String) -> Finding? {
        guard let lead else { return nil }
        guard abs(lead) > 30 else { return .ok(area, "clock", "it agrees with the forge's") }
        let fix = "keep this machine's clock right: run chrony or systemd-timesyncd"
        let text =
            "this machine's is \(Int(abs(lead))) s \(lead > 0 ? "behind" : "ahead of") the forge's: leases end by it, and signatures are of a time"
        return abs(lead) > 60 ? .failed(area, "clock", text, fix: fix) : .warning(area, "clock", text, fix: fix)
    }

    private func webhook() async -> [Finding] {
        do {
            guard settings.forge.hasAPI else {
                return HookFindings(area: area, settings: settings, publicURL: publicURL).findings(
                    of: try LocalRepository(url: settings.url))
            }
            guard let client = try client() else { return [] }
            return WebhookFindings(area: area, forge: settings.forge, publicURL: publicURL).findings(of: try await client.webhooks())
        } catch let error as ForgeError where [.forbidden, .notFound].contains(error.kind) {
            return [
                .unknown(
                    area, "webhook", "the credentials may not see the repository's webhooks, and need not: \(error)",
                    fix: "look at the five steps of docs/forges.md yourself, or lend the credentials that right while you look")
            ]
        } catch { return [.failed(area, "webhook", "\(error)")] }
    }

    private func delivery() async -> [Finding] {
        guard let text = try? repository.webhookSecret.read(for: "the webhookSecret of \(settings.name)"),
            let secret = WebhookSecret(Array(text.utf8))
        else {
            return [.failed(area, "secret", "the webhookSecret can't be read", fix: "set the variable or the file that it names")]
        }
        var findings: [Finding] = []
        if text.utf8.count < 16 {
            findings.append(
                .warning(
                    area, "secret", "the webhookSecret is short: it can be guessed",
                    fix: "make one with `openssl rand -hex 32`, and set it in both places"))
        }
        let trial = TrialFindings(
            area: area, settings: settings, secret: secret, server: publicURL.flatMap { URL(string: $0) } ?? local,
            isPublic: publicURL != nil)
        return findings + [await trial.finding(now: clock.now)]
    }
}
