import ArgumentParser
import Foundation
import Logging
import StagingModel

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Checks the configuration and all that it names, and says how to mend what is wrong.",
        discussion: """
            It looks at this machine, the engines and their rights, and for each repository at git, the forge's rights, its webhook, and whether a \
            signed delivery gets through to the `serve` that runs. It changes nothing. Run it as the account that runs `serve`, with the same \
            environment.

            Exit codes: 0 when nothing failed; 1 when something did. Warnings, and what nobody can be asked, are no failure.
            """)

    @Option(help: ArgumentHelp("The server's configuration file.", valueName: "file"))
    var config: String

    @Option(help: ArgumentHelp("Look at this repository only, by its `name`.", valueName: "name"))
    var repository: String?

    @OptionGroup var output: OutputOptions

    func run() async throws {
        let configuration = try ServerConfiguration.load(path: config)
        let only = try repository.map { name in
            guard let known = RepositoryName(name), configuration.repositories.contains(where: { $0.settings.name == known }) else {
                let names = configuration.repositories.map(\.settings.name.description).joined(separator: ", ")
                throw ValidationError("no repository \"\(name)\" is configured; there are: \(names)")
            }
            return known
        }
        var logging = configuration.logging
        logging.level = .critical
        Terminal.progress("looking…")
        let found = try await Examination(configuration: configuration, only: only, logger: logging.logger()).findings { area in
            Terminal.progress("looked at \(area)…")
        }
        Terminal.endProgress()
        try output.print(found) { isWide in found.text(isWide: isWide) }
        Terminal.note(found.summary)
        if found.contains(where: { $0.verdict == .failed }) { throw ExitCode(ExitCodes.failed) }
    }
}
