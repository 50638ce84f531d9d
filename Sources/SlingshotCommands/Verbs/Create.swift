import ArgumentParser
import ControlAPI
import Foundation
import StagingModel

struct CreateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Launches a pull request's stack without a webhook; a running one is deployed anew.")

    @Argument(help: "The repository's configured name.")
    var repository: String

    @Argument(help: "The pull request's number.")
    var number: Int

    @Option(help: "The git ref to fetch instead of the pull request's, such as refs/heads/main.")
    var ref: String?

    @Option(help: "The full id of the commit to deploy; it must be reachable from the ref.")
    var sha: String?

    @OptionGroup var client: ClientOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let view = try await client.client.create(CreateRequest(repository: repository, number: number, ref: ref, sha: sha))
        try output.print(view) { _ in
            "\(view.name) is \(view.phase.rawValue); follow it with: slingshot status \(view.name) --wait-for ready\n"
        }
    }
}
