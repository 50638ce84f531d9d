import AsyncHTTPClient
import Foundation
import NIOCore
import NIOFoundationCompat
import NIOHTTP1
import Orchestration
import StagingModel

/// How long a forge may take before a call fails with a retryable ``ForgeError/Kind/unavailable``.
public struct ForgeTimeouts: Hashable, Sendable {
    /// For a connection, TLS included.
    public var connect: Duration
    /// From a request to the head of its answer.
    public var head: Duration
    /// Between two pieces of an answer.
    public var stall: Duration
    /// For a whole answer, however steadily it drips.
    public var body: Duration

    public init(
        connect: Duration = .seconds(10), head: Duration = .seconds(30), stall: Duration = .seconds(15), body: Duration = .seconds(60)
    ) {
        self.connect = connect
        self.head = head
        self.stall = stall
        self.body = body
    }
}

/// Sends requests to one forge's API for one repository, and judges the answers. Follows no redirect: with it would go the token.
struct ForgeHTTP: Sendable {
    /// In bytes, for any answer. A page of 50 pull requests whose texts are as long as they may be has some 10 MB.
    static let largestAnswer = 16 << 20
    static let largestRefusal = 64 << 10

    var forge: Forge
    var repository: String
    var address: ForgeAddress
    var client: HTTPClient
    var timeouts: ForgeTimeouts
    var clock: any WallClock
    var metrics: ForgeMetrics
    var gate: RateGate

    /// Sends once. With an `etag`, an answer of status 304 is a success too.
    func exchange(_ request: ForgeRequest, _ credential: ForgeCredential, etag: String? = nil) async throws -> ForgeAnswer {
        try gate.pass(forge, now: clock.now)
        let message = try message(for: request, credential, etag: etag)
        let (response, body) = try await answer(to: message, request.call)
        let status = Int(response.status.code)
        gate.heard(response.headers, at: clock.now)
        if (200...299).contains(status) || status == 304 && etag != nil {
            metrics.answered(status == 304 ? .unchanged : .done, headers: response.headers)
            return ForgeAnswer(status: status, headers: response.headers, body: body, forge: forge, call: request.call)
        }
        let error = Refusal(
            forge: forge, repository: repository, call: request.call, status: status, headers: response.headers, body: body,
            secrets: credential.secrets
        ).error(now: clock.now)
        if error.kind == .rateLimited, let until = error.retryAt { gate.close(until: until) }
        metrics.answered(error.kind == .rateLimited ? .limited : error.isRetryable ? .failed : .refused, headers: response.headers)
        throw error
    }

    private func message(for request: ForgeRequest, _ credential: ForgeCredential, etag: String?) throws(ForgeError) -> HTTPClientRequest {
        var message = HTTPClientRequest(url: address.description + (try request.target()))
        message.method = HTTPMethod(rawValue: request.method.rawValue)
        message.headers = [
            "authorization": credential.authorization, "user-agent": "slingshot",
            "accept": forge == .github ? "application/vnd.github+json" : "application/json",
        ]
        if forge == .github { message.headers.add(name: "x-github-api-version", value: "2022-11-28") }
        // Bitbucket Data Center takes a request without this for a browser's, which somebody else may have caused.
        if forge == .bitbucketServer { message.headers.add(name: "x-atlassian-token", value: "no-check") }
        if let etag { message.headers.add(name: "if-none-match", value: etag) }
        if let json = request.body {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            guard let data = try? encoder.encode(json) else { throw ForgeError(.refused, "what was to be sent is no JSON") }
            message.headers.add(name: "content-type", value: "application/json")
            message.body = .bytes(ByteBuffer(data: data))
        }
        return message
    }

    private func answer(to message: HTTPClientRequest, _ call: ForgeCall) async throws -> (HTTPClientResponse, Data) {
        let response: HTTPClientResponse
        let end = ContinuousClock.now + timeouts.body
        var body = ByteBuffer()
        do {
            response = try await client.execute(message, timeout: .init(timeouts.head))
            let limit = response.status.code < 300 ? Self.largestAnswer : Self.largestRefusal
            for try await var chunk in response.body {
                guard body.readableBytes + chunk.readableBytes <= limit else {
                    // Only the head of a refusal counts.
                    if response.status.code >= 300 { return (response, Data()) }
                    throw ForgeError(
                        .unreadable,
                        "\(forge.name)'s answer is larger than \(limit >> 20) MiB, asked to \(call.purpose) in \(repository); check `api`")
                }
                body.writeBuffer(&chunk)
                guard ContinuousClock.now < end else { throw HTTPClientError.deadlineExceeded }
            }
        } catch let error as ForgeError {
            metrics.answered(.refused)
            throw error
        } catch {
            if error is CancellationError || Task.isCancelled { throw CancellationError() }
            metrics.answered(.failed)
            let why = ((error as? HTTPClientError)?.shortDescription ?? "the connection broke").oneLine(limit: 100)
            throw ForgeError(.unavailable, "no answer from \(address) (\(why)); it is asked again")
        }
        return (response, Data(buffer: body))
    }
}
