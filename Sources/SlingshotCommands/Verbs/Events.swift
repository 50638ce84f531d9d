import ArgumentParser
import ControlAPI
import Foundation
import Orchestration
import StagingModel

struct EventsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events", abstract: "Shows a stack's history: each delivery, request, decision, step and outcome.")

    @Argument(help: "The stack's name, such as shop-42.")
    var stack: String

    @Flag(name: [.customShort("f"), .customLong("follow")], help: "Go on with what happens from now on, until Ctrl-C.")
    var follow = false

    @OptionGroup var client: ClientOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let client = try client.client
        var events = try await client.events(of: stack)
        try output.print(events) { _ in lines(events) }
        let clock = SystemClock()
        var last = events.last?.id ?? 0
        while follow {
            try await clock.sleep(until: clock.now.addingTimeInterval(1))
            events = try await client.events(of: stack, after: last)
            guard let newest = events.last?.id else { continue }
            last = newest
            try output.print(events) { _ in lines(events) }
        }
    }

    private func lines(_ events: [StackEvent]) -> String { events.map { StackText.line($0) + "\n" }.joined() }
}
