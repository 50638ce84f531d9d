import ArgumentParser
import FaultProxy
import Foundation
import KubernetesClient
import Logging

/// The fault proxy for a developer's hands.
@main struct FaultProxyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fault-proxy",
        abstract: "Stands before a cluster's API server, and lets requests go wrong.",
        discussion: """
            Plain HTTP inwards, the kubeconfig's identity outwards: whoever reaches the port has the kubeconfig's rights. Point Slingshot at \
            it with the file that --write-kubeconfig makes. Each request is printed as it comes. Stop the proxy, and the API server is down.

              dev/fault-proxy --upstream "$KUBECONFIG" --write-kubeconfig /tmp/faulty --fault slow=10s
              dev/fault-proxy --upstream "$KUBECONFIG" --write-kubeconfig /tmp/faulty --fault status=429,retry-after=3 --every 5
              dev/fault-proxy --upstream "$KUBECONFIG" --write-kubeconfig /tmp/faulty --fault drop=after --match '^PATCH .*/deployments/' --first 1
              dev/fault-proxy --upstream "$KUBECONFIG" --write-kubeconfig /tmp/faulty --fault kill=$PID,before --match '^DELETE' --first 1
            """)

    @Option(help: ArgumentHelp("The kubeconfig of the cluster.", valueName: "file"))
    var upstream: String

    @Option(help: ArgumentHelp("Where to listen; a loopback address.", valueName: "host:port"))
    var listen = "127.0.0.1:8001"

    @Option(help: ArgumentHelp("Writes a kubeconfig that names the proxy.", valueName: "file"))
    var writeKubeconfig: String?

    @Option(
        help: ArgumentHelp(
            "slow=10s, status=500, status=429,retry-after=3, drop=before|after|middle (of the API server's work, or of its answer), "
                + "kill=PID,before|after|middle. None: only watch."))
    var fault: String?

    @Option(help: ArgumentHelp("Only requests in whose \"METHOD /path?query\" this is found.", valueName: "regex"))
    var match = ""

    @Option(help: ArgumentHelp("Only each n-th of these.", valueName: "n"))
    var every = 1

    @Option(help: ArgumentHelp("Only so many; then nothing goes wrong any more.", valueName: "n"))
    var first: Int?

    func run() async throws {
        let rule = try fault.map { try FaultRule(Fault($0), matching: match, every: every, first: first) }
        guard let colon = listen.lastIndex(of: ":"), let port = Int(listen[listen.index(after: colon)...]), (0...65_535).contains(port)
        else {
            throw ValidationError("\"\(listen)\" is no HOST:PORT")
        }
        let host = String(listen[..<colon])
        guard host == "localhost" || host.hasPrefix("127.") else {
            throw ValidationError("\(host) is no loopback address; the proxy gives the kubeconfig's rights to whoever reaches it")
        }
        let client = try KubernetesClient(ClusterConfiguration.load(kubeconfig: upstream), logger: Logger(label: "fault-proxy"))
        try await FaultProxy.running(to: client, host: host, port: port) { proxy in
            proxy.judge { request in
                let fault = rule?.judge(request)
                say("\(request.number) \(request.line)\(fault.map { " <- \($0.text)" } ?? "")")
                return fault
            }
            if let writeKubeconfig { try Data(proxy.kubeconfig.utf8).write(to: URL(filePath: writeKubeconfig)) }
            say("listening on http://\(host):\(proxy.port)")
            while true { try await Task.sleep(for: .seconds(86_400)) }
        }
    }

    /// At once, also into a file or a pipe.
    private func say(_ line: String) { FileHandle.standardOutput.write(Data("\(line)\n".utf8)) }
}
