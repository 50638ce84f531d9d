import ArgumentParser
import ControlAPI
import StagingModel

struct ShareCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "share", abstract: "Makes a link to a stack for people who may not look otherwise.",
        discussion:
            "Whoever has the link can open the stack until it ends. It needs the gateway, and is of use where the repository has `access`.")

    @Argument(help: "The stack's name, such as shop-42.")
    var stack: String

    @Option(name: .customLong("for"), help: ArgumentHelp("How long it is good for: 4h, 2d; 30d at most.", valueName: "duration"))
    var duration = "1d"

    @OptionGroup var client: ClientOptions
    @OptionGroup var output: OutputOptions

    func validate() throws { _ = try ArgumentParsing.duration(duration) }

    func run() async throws {
        let view = try await client.client.share(stack, ShareRequest(duration: duration))
        Terminal.note("good until \(view.until.rfc3339)")
        try output.print(view) { _ in "\(view.url)\n" }
    }
}
