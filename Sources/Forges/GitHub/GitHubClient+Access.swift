import Foundation
import Orchestration
import StagingModel

extension GitHubClient {
    /// A right as Apps and fine-grained tokens have it, and the scopes of classic tokens that include it.
    private struct Need {
        var permission: String
        var level: String
        var name: String
        var scopes: Set<String>
        var purpose: String
    }

    private static let needs = [
        Need(permission: "contents", level: "read", name: "Contents: read", scopes: ["repo", "public_repo"], purpose: "fetch the commits"),
        Need(
            permission: "pull_requests", level: "write", name: "Pull requests: write", scopes: ["repo", "public_repo"],
            purpose: "read pull requests, comment and react, remove the label"),
        Need(
            permission: "statuses", level: "write", name: "Commit statuses: write", scopes: ["repo", "repo:status"],
            purpose: "show beside the commit how the deploy goes"),
        Need(
            permission: "deployments", level: "write", name: "Deployments: write", scopes: ["repo", "repo_deployment"],
            purpose: "show the deployment with its address"),
    ]
    private static let hooks = Need(
        permission: "repository_hooks", level: "write", name: "Webhooks: write", scopes: ["admin:repo_hook", "write:repo_hook"],
        purpose: "ask again for deliveries that did not arrive")

    func access() async throws -> [AccessFinding] {
        if let app {
            struct Installation: Decodable { var permissions: [String: String] }
            let call = ForgeCall(purpose: "read the installation of the GitHub App", right: "to be installed on the repository")
            let granted = try await app.read(ForgeRequest(.GET, at("installation"), call), as: Installation.self).permissions
            return Self.needs.map { need in
                let has = granted[need.permission] == "write" || granted[need.permission] == need.level
                return AccessFinding(right: need.name, verdict: has ? .granted : .missing, purpose: need.purpose)
            }
        }
        let call = ForgeCall(purpose: "read the repository", right: "Metadata: read (classic: repo)")
        let answer = try await session.send(ForgeRequest(.GET, at(), call))
        // Fine-grained tokens have no scopes, and nobody to ask for their permissions.
        let scopes = answer.header("x-oauth-scopes").map { text in
            Set(text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) })
        }
        return (Self.needs + [Self.hooks]).map { need in
            let verdict: AccessFinding.Verdict = scopes.map { $0.isDisjoint(with: need.scopes) ? .missing : .granted } ?? .unknown
            return AccessFinding(right: need.name, verdict: verdict, purpose: need.purpose)
        }
    }
}
