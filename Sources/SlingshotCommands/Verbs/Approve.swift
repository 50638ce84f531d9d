import ArgumentParser
import ControlAPI
import StagingModel

struct ApproveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "approve", abstract: "Lets one commit of a pull request from a fork have its stack.",
        discussion: """
            Look at the commit first: it will be built and run. The next push has to be approved again. What commit waits is in \
            `slingshot status`.
            """)

    @Argument(help: "The stack's name, such as shop-42.")
    var stack: String

    @Option(help: "The full id of the commit that you have looked at.")
    var sha: String

    @OptionGroup var client: ClientOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let view = try await client.client.approve(stack, ApproveRequest(sha: sha))
        try output.print(view) { _ in
            "\(view.name): \(sha.prefix(7)) is approved; follow it with: slingshot status \(view.name) --wait-for ready\n"
        }
    }
}
