import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import StagingModel

/// Makes the requests of probes, from the machine to a pod's address.
struct Prober: Sendable {
    private let client: PodmanClient
    private let reach: Reach
    private let http: HTTPClient

    init(client: PodmanClient, reach: Reach) {
        self.client = client
        self.reach = reach
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.certificateVerification = .none  // as kubelet: the certificate is for another name than the pod's address
        var configuration = HTTPClient.Configuration(tlsConfiguration: tls, redirectConfiguration: .disallow)
        configuration.httpVersion = .http1Only
        configuration.connectionPool.retryConnectionEstablishment = false
        http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    func shutdown() async { try? await http.shutdown() }

    /// Nil when the probe succeeds; otherwise why not, in a few words that stay the same from try to try.
    func failure(of probe: Probe, container: String, address: String) async -> String? {
        let limit = Duration.seconds(probe.timeout)
        do {
            return try await within(limit, "the probe") {
                switch probe.action {
                case .http(let port, let path, let tls, let headers):
                    try await get(path, tls: tls, headers, at: ForwarderTarget(address: address, port: port), timeout: probe.timeout)
                case .tcp(let port): try await connect(address, port, timeout: probe.timeout)
                case .exec(let command): try await run(command, in: container)
                }
            }
        } catch { return "no answer within \(probe.timeout) s" }
    }

    private func get(_ path: String, tls: Bool, _ headers: [String: String], at target: ForwarderTarget, timeout: Int) async throws
        -> String?
    {
        do {
            var place = "\(tls ? "https" : "http")://\(target)"
            if let socket = try await reach.socket(to: target) {
                place = "\(tls ? "https" : "http")+unix://\(PodmanClient.escaped(socket))"
            }
            var request = HTTPClientRequest(url: place + path)
            request.headers = ["host": target.description, "user-agent": "slingshot-probe", "accept": "*/*", "connection": "close"]
            for (name, value) in headers.sorted(by: { $0.key < $1.key }) { request.headers.replaceOrAdd(name: name, value: value) }
            let response = try await http.execute(request, timeout: .seconds(Int64(timeout)))
            return (200...399).contains(response.status.code) ? nil : "HTTP \(response.status.code)"
        } catch { return Self.text(error, timeout) }
    }

    private func connect(_ address: String, _ port: Int, timeout: Int) async throws -> String? {
        do {
            if let answer = try await reach.dial(ForwarderTarget(address: address, port: port)) {
                return if case .failed(let why) = answer { Self.text(PodmanError.transport(why), timeout) } else { nil }
            }
            let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup).connectTimeout(.seconds(Int64(timeout)))
                .connect(host: address, port: port).get()
            try? await channel.close()
            return nil
        } catch { return Self.text(error, timeout) }
    }

    private static func text(_ error: any Error, _ timeout: Int) -> String {
        // a forwarder ends the connection when the pod refuses it
        if case PodmanError.unreachable(let why) = error { return why }
        if let error = error as? HTTPClientError, error == .remoteConnectionClosed { return "connection refused" }
        let text = "\(error)"
        return text.contains("efused") || text.contains("errno: 111") ? "connection refused" : "no answer within \(timeout) s"
    }

    private func run(_ command: [String], in container: String) async throws -> String? {
        struct Result: Decodable {
            var code: Int
            private enum CodingKeys: String, CodingKey { case code = "ExitCode" }
        }
        do {
            let body: JSONValue = ["Cmd": .array(command.map { .string($0) }), "AttachStdout": true, "AttachStderr": true]
            let exec: Identified = try await client.post("/containers/\(container)/exec", [], body)
            // Until its output ends; what it says is not kept.
            let output = try await client.stream(.post, "/exec/\(exec.id)/start", [], .json(["Detach": false]))
            for try await _ in output {}
            let result: Result = try await client.get("/exec/\(exec.id)/json")
            return result.code == 0 ? nil : "exit code \(result.code)"
        } catch let error as PodmanError { return error.description }
    }
}
