import ArgumentParser
import ControlAPI
import Foundation
import StagingModel

struct LogsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs", abstract: "Shows what a stack's containers write.",
        discussion: """
            Each line follows the pod and the container that wrote it. -o wide adds its time; -o json prints a JSON object a line.
            With -f it goes on, through restarts and into new pods, until Ctrl-C or the end of the stack.
            """)

    @Argument(help: "The stack's name, such as shop-42.")
    var stack: String

    @Argument(help: "Only the pods of this Service, or of this workload; all of the stack without it.")
    var service: String?

    @Flag(name: [.customShort("f"), .customLong("follow")], help: "Go on with what is written from now on.")
    var follow = false

    @Option(name: [.customShort("c"), .customLong("container")], help: "Only containers of this name.")
    var container: String?

    @Option(help: ArgumentHelp("Only what is not older than this: 10m, or RFC 3339.", valueName: "duration or time"))
    var since: String?

    @Option(help: ArgumentHelp("So many lines from the end of each container, at most \(LogQuery.largestTail).", valueName: "lines"))
    var tail = LogQuery.usualTail

    @Flag(help: "The run before the current one, of containers that were restarted.")
    var previous = false

    @Flag(help: "What the last build of the stack's image said. While it is being built, that is what is shown without this too.")
    var build = false

    @OptionGroup var client: ClientOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (0...LogQuery.largestTail).contains(tail) else { throw ValidationError("--tail takes 0 to \(LogQuery.largestTail)") }
        guard !(follow && previous) else { throw ValidationError("what ran before is over; give either --follow or --previous") }
        _ = try start(now: Date())
    }

    func run() async throws {
        let query = LogQuery(
            service: service, container: container, since: try start(now: Date()), tail: tail, previous: previous, follow: follow,
            build: build)
        let client = try client.client
        let text = LogText(format: output.format, isColoured: Terminal.resultIsInteractive)
        try await client.logs(of: stack, query) { Terminal.result(try text.line($0)) }
    }

    /// RFC 3339.
    private func start(now: Date) throws -> String? {
        try since.map { text in
            if let seconds = DurationText.seconds(text) { return now.addingTimeInterval(-TimeInterval(seconds)).rfc3339 }
            return try ArgumentParsing.instant(text, now: now).rfc3339
        }
    }
}
