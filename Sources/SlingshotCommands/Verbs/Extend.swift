import ArgumentParser
import ControlAPI
import Foundation
import StagingModel

struct ExtendCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "extend", abstract: "Lengthens a stack's lease, or sets its end.",
        discussion: "Past the maximum it is refused, and the latest possible end is named.")

    @Argument(help: "The stack's name, such as shop-42.")
    var stack: String

    @Argument(help: "By how much: 90s, 30m, 4h, 2d, 1h30m.")
    var duration: String?

    @Option(help: ArgumentHelp("The new end instead: RFC 3339, or +4h from now.", valueName: "time"))
    var until: String?

    @OptionGroup var client: ClientOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (duration == nil) != (until == nil) else { throw ValidationError("give either a duration, such as 4h, or --until TIME") }
        if let duration { _ = try ArgumentParsing.duration(duration) }
    }

    func run() async throws {
        let end = try until.map { try ArgumentParsing.instant($0, now: Date()).rfc3339 }
        let view = try await client.client.extend(stack, ExtendRequest(duration: duration, until: end))
        try output.print(view) { _ in
            let left = view.expiresAt.map { " (in \(DurationText.rough(Int($0.timeIntervalSinceNow))))" } ?? ""
            return "\(view.name) expires at \(view.expiresAt?.rfc3339 ?? "no time: it is pinned")\(left)\n"
        }
    }
}
