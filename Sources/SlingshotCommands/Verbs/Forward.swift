import ArgumentParser
import Foundation
import PodmanRuntime

/// What `serve` runs in the network namespace of a rootless podman; nobody else has a use for it.
struct ForwardCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "forward", abstract: "Passes connections on to the pods of a rootless podman.", shouldDisplay: false)

    @Argument(help: "The folder of the sockets.")
    var folder: String

    func run() async throws { try await Forwarder.run(folder: folder) }

    /// This very program, as it is run to do that.
    static var program: [String] {
        [Bundle.main.executablePath ?? CommandLine.arguments[0], Self.configuration.commandName ?? ""]
    }
}
