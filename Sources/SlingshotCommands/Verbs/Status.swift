import ArgumentParser
import ControlAPI
import Foundation
import Orchestration
import StagingModel

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Shows one stack in full: phase and why, commit, lease, workloads, last events.",
        discussion:
            "With --wait-for it follows the stack until it reaches the phase: exit code 0; 1 when it fails or goes instead; 6 after --timeout."
    )

    @Argument(help: "The stack's name, such as shop-42.")
    var stack: String

    @OptionGroup var client: ClientOptions
    @OptionGroup var output: OutputOptions

    @Option(help: ArgumentHelp("Wait until the stack is in this phase.", valueName: "phase"))
    var waitFor: Phase?

    @Option(help: ArgumentHelp("How long to wait for it.", valueName: "duration"), transform: ArgumentParsing.duration)
    var timeout = 300

    func run() async throws {
        let client = try client.client
        if let waitFor { _ = try await PhaseWait(client: client, clock: SystemClock(), seconds: timeout).wait(for: waitFor, of: stack) }
        let view = try await client.stack(stack, workloads: true)
        let events = try await client.events(of: stack, limit: 10)
        try output.print(view) { _ in StackText.full(view, events: events, now: Date()) }
    }
}
