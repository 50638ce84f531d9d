import ArgumentParser
import ControlAPI
import Foundation

/// Where the server is, and who asks: the same for every verb that talks to it.
struct ClientOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The server's address; or SLINGSHOT_SERVER.", valueName: "url"))
    var server: String?

    @Option(help: "The API token; or SLINGSHOT_TOKEN, which other users of the machine can't see.")
    var token: String?

    var client: ControlClient {
        get throws {
            let environment = ProcessInfo.processInfo.environment
            let address = server ?? environment["SLINGSHOT_SERVER"] ?? "http://127.0.0.1:8080"
            guard let url = URL(string: address), url.scheme == "http" || url.scheme == "https", url.host() != nil else {
                throw ValidationError("the server's address \"\(address)\" is no http(s) URL; it looks like http://127.0.0.1:8080")
            }
            return ControlClient(server: url, token: token ?? environment["SLINGSHOT_TOKEN"])
        }
    }
}
