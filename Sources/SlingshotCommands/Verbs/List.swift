public import ArgumentParser
import ControlAPI
import Foundation
public import StagingModel

struct ListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Shows the stacks: name, phase, commit, age, what is left of the lease, URL.", aliases: ["ls"])

    @OptionGroup var client: ClientOptions
    @OptionGroup var output: OutputOptions

    @Option(help: "Only the stacks of this repository (its configured name).")
    var repository: String?

    @Option(help: ArgumentHelp("Only the stacks in this phase.", valueName: "phase"))
    var phase: Phase?

    @Flag(help: "Destroyed stacks too.")
    var all = false

    func run() async throws {
        let wantsDestroyed = all || phase == .destroyed
        let stacks = try await client.client.stacks(includingDestroyed: wantsDestroyed).filter { stack in
            (phase == nil || stack.phase == phase) && (repository == nil || StackName(stack.name)?.repository.description == repository)
        }
        try output.print(stacks) { StackText.table(stacks, isWide: $0, now: Date()) }
    }
}

extension Phase: ExpressibleByArgument {}
