public import ArgumentParser
import ControlAPI
import Foundation
import Orchestration
import Planning
import StrictYAML

/// The command line. One file a verb, in `Verbs/`.
public struct Slingshot: AsyncParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "slingshot",
        abstract: "Turns pull requests into staging stacks that destroy themselves.",
        discussion: """
            The server is found through --server or SLINGSHOT_SERVER, the API token through --token or SLINGSHOT_TOKEN.

            Exit codes: 0 done, 1 it failed, 3 no such stack, 4 not allowed, 5 server not reachable, 6 timed out, 64 usage.
            """,
        version: "0.1.0",
        subcommands: [
            ListCommand.self, StatusCommand.self, ExtendCommand.self, CreateCommand.self, ApproveCommand.self, DestroyCommand.self,
            EventsCommand.self,
            LogsCommand.self, ShareCommand.self, PlanCommand.self, ValidateCommand.self, ServeCommand.self, ReapCommand.self,
            DoctorCommand.self,
            TokenCommand.self, ForwardCommand.self,
        ])

    public init() {}

    /// Parses the arguments, runs the verb, and ends the process with the contract's exit code.
    public static func runToExit() async -> Never {
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            Foundation.exit(0)
        } catch let failure where ExitCodes.isOurs(failure) {
            Terminal.complain("\(failure)")
            Foundation.exit(ExitCodes.code(for: failure))
        } catch {
            exit(withError: error)
        }
    }
}

/// A verb failed for a reason of its own. The text names the fix where there is one.
struct CommandFailure: Error, CustomStringConvertible {
    let description: String
    let exitCode: Int32

    init(_ description: String, exitCode: Int32 = ExitCodes.failed) {
        self.description = description
        self.exitCode = exitCode
    }
}

/// The exit codes of the contract. Wrong usage (64) is ArgumentParser's.
enum ExitCodes {
    static let failed: Int32 = 1
    static let noSuchStack: Int32 = 3
    static let notAllowed: Int32 = 4
    static let unreachable: Int32 = 5
    static let timedOut: Int32 = 6

    static func code(for error: any Error) -> Int32 {
        switch error {
        case let failure as CommandFailure: failure.exitCode
        case is ServerUnreachable: unreachable
        case let problem as Problem where problem.status == 401 || problem.status == 403: notAllowed
        case let problem as Problem where problem.code == "no-such-stack": noSuchStack
        default: failed
        }
    }

    /// Whether the error's own description is the message; the rest is ArgumentParser's to tell.
    static func isOurs(_ error: any Error) -> Bool {
        switch error {
        case is CommandFailure, is ServerUnreachable, is Problem, is ConfigurationError, is YAMLProblem,
            is PlanningError, is StepError:
            true
        default: !(error is ExitCode || error is ValidationError || error is CleanExit || "\(type(of: error))" == "CommandError")
        }
    }
}
