import Foundation
import Logging
import Orchestration
import StagingModel

@testable import GitRefs

func settings(_ url: String, name: String = "shop", _ credentials: GitCredentials? = nil) -> RepositorySettings {
    RepositorySettings(
        name: RepositoryName(name)!, forge: .github, repository: "acme/\(name)", url: url, credentials: credentials, runtime: "cluster")
}

extension GitLimits {
    init(_ change: (inout GitLimits) -> Void) {
        self.init()
        change(&self)
    }
}

extension GitRefs {
    /// Reads secrets from files only.
    convenience init(_ folder: TemporaryFolder, limits: GitLimits = GitLimits(), machine: [String: String] = [:]) {
        let path = ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"]
        self.init(
            directory: folder.url.appending(path: "git"), limits: limits, machine: path.merging(machine) { $1 },
            logger: Logger(label: "test")
        ) { repository in
            switch repository.credentials {
            case .token(.file(let file))?:
                guard let text = try? String(contentsOfFile: file, encoding: .utf8) else {
                    throw StepError("the token is missing", isRetryable: true)
                }
                return repository.forge == .bitbucketServer ? .bearer(text) : .basic(username: "x-access-token", password: text)
            default: return nil
            }
        }
    }
}
