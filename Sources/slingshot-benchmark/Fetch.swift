import ArgumentParser
import Foundation
import GitRefs
import Logging
import StagingModel

/// Fetches a ref and reads a file at its commit, as the service does before it plans; once for each line on standard input, so that its
/// reader can do its own part in between. Prints the commit and the milliseconds.
struct Fetch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Fetches a ref into a mirror, and reads a file at its commit.")

    @Argument(help: "Where the mirror is.") var directory: String
    @Argument var url: String
    @Argument var ref: String
    @Argument(help: "The file to read.") var path: String

    func run() async throws {
        guard let name = RepositoryName("benchmark") else { throw ExitCode.failure }
        let repository = RepositorySettings(name: name, forge: .github, repository: "acme/benchmark", url: url, runtime: "none")
        let refs = GitRefs(directory: URL(filePath: directory), logger: Logger(label: "benchmark")) { _ in nil }
        while readLine() != nil {
            let start = ContinuousClock.now
            let commit = try await refs.fetch(ref, of: repository)
            guard try await refs.file(path, at: commit, of: repository, limit: 1 << 20) != nil else { throw ExitCode.failure }
            print(commit, start.duration(to: .now) / .milliseconds(1))
            fflush(nil)
        }
    }
}
