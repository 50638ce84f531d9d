public import ArgumentParser
public import FakeForges
import Foundation
import UnixSignals

/// A forge to look at, for demonstrations: it keeps what Slingshot tells it, and shows it as a page.
@main struct FakeForgeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fake-forge", abstract: "Runs a fake forge on this machine until it is ended.",
        discussion: """
            It answers what the real forge's API answers, for one repository and the token t0ken, and forgets all when it ends. People's part is \
            below /-/: PUT /-/pulls/7 makes a pull request or changes it, GET /-/pulls/7 shows it, POST /-/pulls/7/comments comments on it.
            """)

    @Argument(help: "github, gitlab, gitea, forgejo, bitbucket or bitbucket-server.")
    var kind: FakeForge.Kind

    @Option(help: "The port on 127.0.0.1; 0 for a free one.")
    var port = 0

    @Option(help: "The repository's full name.")
    var repository = "acme/shop"

    @Option(help: "Where the repository's webhook posts, as the API tells it. Posted is only what is asked for again.")
    var webhook: String?

    func run() async throws {
        try await FakeForge.running(kind, port: port, now: { Date() }) { [repository, webhook] forge in
            forge.change { state in
                state.repository = repository
                if let webhook { state.webhooks[0].url = webhook }
            }
            FileHandle.standardOutput.write(Data("\(forge.api)\n".utf8))
            for await _ in await UnixSignalsSequence(trapping: [.sigterm, .sigint]) { return }
        }
    }
}

extension FakeForge.Kind: ExpressibleByArgument {}
