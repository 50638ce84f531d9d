import Foundation
import Orchestration
import StagingModel

/// https://docs.gitlab.com/api/environments/ and /api/deployments/. A merge request shows an environment once one of its commits is
/// deployed there.
extension GitLabClient {
    private struct Environment: Decodable, Sendable {
        var id: Int64
        var name: String
        var external_url: String?
        var state: String?
    }

    private struct Deployment: Decodable, Sendable {
        var id: Int64
        var sha: String
    }

    func startDeployment(_ deployment: ForgeDeployment) async throws -> String {
        let isStopped = try await showEnvironment(deployment)
        let query = [("environment", deployment.environment), ("order_by", "id"), ("sort", "desc"), ("per_page", "1")]
        let last = try await session.read(
            ForgeRequest(.GET, at("deployments"), query: query, call("list the deployments of an environment")), as: [Deployment].self)
        // Only another deployment starts a stopped environment.
        if !isStopped, let last = last.first, last.sha == deployment.commit.description { return "\(last.id)" }
        let made: Deployment = try await session.read(
            ForgeRequest(
                .POST, at("deployments"),
                body: [
                    "environment": .string(deployment.environment), "sha": .string(deployment.commit.description),
                    "ref": .string(deployment.branch), "tag": false, "status": "running",
                ], call("start a deployment")))
        return "\(made.id)"
    }

    func setDeployment(_ id: String, _ state: ForgeDeployment.State, of deployment: ForgeDeployment, description _: String) async throws {
        let status =
            switch state {
            case .running: "running"
            case .succeeded: "success"
            case .failed: "failed"
            }
        try await ignoringRepeats {
            try await session.send(
                ForgeRequest(.PUT, at("deployments", id), body: ["status": .string(status)], call("tell how a deployment goes")))
        }
    }

    /// A newer deployment takes an earlier one's place by itself.
    func endDeployments(in environment: String, except current: String?) async throws {
        guard current == nil, let known = try await environments(environment), known.state != "stopped" else { return }
        // Forced, so that nobody waits for a job of the project's pipeline.
        try await session.send(
            ForgeRequest(.POST, at("environments", "\(known.id)", "stop"), body: ["force": true], call("stop an environment")))
    }

    func removeEnvironment(_ environment: String) async throws {
        // What is not stopped can't be deleted.
        try await endDeployments(in: environment, except: nil)
        guard let known = try await environments(environment) else { return }
        try await session.send(ForgeRequest(.DELETE, at("environments", "\(known.id)"), call("delete an environment")))
    }

    /// Makes or corrects it; true when it is stopped.
    private func showEnvironment(_ deployment: ForgeDeployment) async throws -> Bool {
        guard let known = try await environments(deployment.environment) else {
            try await session.send(
                ForgeRequest(
                    .POST, at("environments"),
                    body: ["name": .string(deployment.environment), "external_url": .string(deployment.url), "tier": "development"],
                    call("make an environment")))
            return false
        }
        let isStopped = known.state == "stopped"
        guard known.external_url != deployment.url else { return isStopped }
        try await session.send(
            ForgeRequest(
                .PUT, at("environments", "\(known.id)"), body: ["external_url": .string(deployment.url)], call("correct an environment")))
        return isStopped
    }

    private func environments(_ name: String) async throws -> Environment? {
        try await session.read(
            ForgeRequest(.GET, at("environments"), query: [("name", name)], call("look for an environment")), as: [Environment].self
        ).first { $0.name == name }
    }
}
