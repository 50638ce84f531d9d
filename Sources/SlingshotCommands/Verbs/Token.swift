public import ArgumentParser
import ControlAPI
import Foundation
public import StagingModel

struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Gives out tokens of the API, and takes them back. For admins.",
        discussion: """
            A viewer looks; an operator also creates, extends and destroys stacks; an admin also gives out tokens. The server's own token \
            (server.apiToken, or the file api-token in its state) is the first admin's.
            """,
        subcommands: [CreateTokenCommand.self, ListTokensCommand.self, RevokeTokenCommand.self])
}

struct CreateTokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Makes a token and prints it, this once.",
        discussion: "The history names it beside what its bearer asked for, so name it after who or what uses it.")

    @Argument(help: "The new token's name: a-z, 0-9, -, . and _.")
    var name: String

    @Option(help: ArgumentHelp("viewer, operator or admin.", valueName: "role"))
    var role: Role

    @Option(help: ArgumentHelp("How long it is good for, such as 30d; for ever when not given.", valueName: "duration"))
    var expires: String?

    @OptionGroup var client: ClientOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        if let expires { _ = try ArgumentParsing.duration(expires) }
    }

    func run() async throws {
        let created = try await client.client.createToken(CreateTokenRequest(name: name, role: role, expires: expires))
        // The token alone, so that a script can take it.
        try output.print(created) { _ in created.token + "\n" }
        Terminal.note(
            "\(created.name), \(created.role.rawValue), \(created.expiresAt.map { "until \($0.rfc3339)" } ?? "for ever"); it is not shown again"
        )
    }
}

struct ListTokensCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Shows the tokens that were given out: name, role, age, end, last use.", aliases: ["ls"])

    @OptionGroup var client: ClientOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let tokens = try await client.client.tokens()
        try output.print(tokens) { _ in Self.table(tokens, now: Date()) }
    }

    static func table(_ tokens: [TokenView], now: Date) -> String {
        guard !tokens.isEmpty else { return "no tokens but the server's own\n" }
        var table = TextTable(["NAME", "ROLE", "AGE", "EXPIRES", "LAST USED"])
        for token in tokens {
            let left = token.expiresAt.map { $0 <= now ? "expired" : DurationText.rough(Int($0.timeIntervalSince(now))) }
            table.add([
                token.name, token.role.rawValue, DurationText.rough(Int(now.timeIntervalSince(token.createdAt))), left ?? "never",
                token.lastUsedAt.map { DurationText.rough(Int(now.timeIntervalSince($0))) + " ago" } ?? "never",
            ])
        }
        return table.text
    }
}

struct RevokeTokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "Takes a token back: from now on it is refused.", aliases: ["rm"])

    @Argument(help: "The token's name.")
    var name: String

    @OptionGroup var client: ClientOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let revoked = try await client.client.revokeToken(name)
        try output.print(revoked) { _ in "\(revoked.name) is revoked\n" }
    }
}

extension Role: ExpressibleByArgument {}
