import ArgumentParser
import ControlAPI
import Foundation
import Orchestration
import StagingModel

struct DestroyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "destroy", abstract: "Destroys a stack.")

    @Argument(help: "The stack's name, such as shop-42.")
    var stack: String

    @Flag(help: "Return when it was observed gone.")
    var wait = false

    @Option(help: ArgumentHelp("How long to wait for that.", valueName: "duration"), transform: ArgumentParsing.duration)
    var timeout = 300

    @OptionGroup var client: ClientOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let client = try client.client
        var view = try await client.destroy(stack)
        if wait { view = try await PhaseWait(client: client, clock: SystemClock(), seconds: timeout).wait(for: .destroyed, of: stack) }
        try output.print(view) { _ in
            "\(view.name) is \(view.phase.rawValue)\(view.reason.map { " (\($0.rawValue))" } ?? ""): \(view.message)\n"
        }
    }
}
