import Foundation
import Orchestration
import StagingModel

/// https://docs.github.com/en/rest/deployments
extension GitHubClient {
    private struct Deployment: Decodable, Sendable { var id: Int64 }
    private struct Status: Decodable, Sendable { var state: String }

    private func call(_ purpose: String) -> ForgeCall {
        ForgeCall(purpose: purpose, right: "Deployments: write (classic: repo_deployment)")
    }

    func startDeployment(_ deployment: ForgeDeployment) async throws -> String {
        let query = [("sha", deployment.commit.description), ("environment", deployment.environment), ("per_page", "1")]
        let known = try await session.read(
            ForgeRequest(.GET, at("deployments"), query: query, call("list the deployments of a commit")), as: [Deployment].self)
        if let known = known.first { return "\(known.id)" }
        let made: Deployment = try await session.read(
            ForgeRequest(
                .POST, at("deployments"),
                body: [
                    "ref": .string(deployment.commit.description), "environment": .string(deployment.environment),
                    // Left out, GitHub would merge the base branch first, and wait for every status of the commit, our own included.
                    "auto_merge": false, "required_contexts": [],
                    "transient_environment": true, "production_environment": false,
                ], call("start a deployment")))
        return "\(made.id)"
    }

    func setDeployment(_ id: String, _ state: ForgeDeployment.State, of deployment: ForgeDeployment, description: String) async throws {
        let word =
            switch state {
            case .running: "in_progress"
            case .succeeded: "success"
            case .failed: "failure"
            }
        try await session.send(
            ForgeRequest(
                .POST, at("deployments", id, "statuses"),
                body: [
                    "state": .string(word), "environment_url": .string(deployment.url), "description": .string(description.cut(to: 140)),
                ], call("tell how a deployment goes")))
    }

    /// GitHub makes earlier deployments inactive by itself, but for transient environments, which these are.
    func endDeployments(in environment: String, except current: String?) async throws {
        let query = [("environment", environment), ("per_page", "100")]
        let all = try await session.list(
            ForgeRequest(.GET, at("deployments"), query: query, call("list the deployments of an environment")),
            as: LinkedPage<Deployment>.self)
        for id in all.map({ "\($0.id)" }) where id != current {
            var last = ForgeRequest(
                .GET, at("deployments", id, "statuses"), query: [("per_page", "1")], call("read the state of a deployment"))
            last.isConditional = true
            if try await session.read(last, as: [Status].self).first?.state == "inactive" { continue }
            try await session.send(
                ForgeRequest(.POST, at("deployments", id, "statuses"), body: ["state": "inactive"], call("end a deployment")))
        }
    }
}
