import ControlAPI
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOFoundationCompat
import Orchestration
import StagingModel
import Webhooks

/// Turns every error into `application/problem+json`; what nobody foresaw is logged whole and told in general words.
struct ProblemMiddleware: RouterMiddleware {
    typealias Context = BasicRequestContext

    func handle(_ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response) async throws
        -> Response
    {
        do {
            return try await next(request, context)
        } catch {
            let problem = Problem(error)
            if problem.status >= 500 {
                context.logger.error("request failed", metadata: ["path": "\(request.uri.path)", "error": "\(error)"])
            }
            return try problem.response()
        }
    }
}

extension Problem {
    init(_ error: any Error) {
        switch error {
        case let problem as Problem: self = problem
        case let rejection as DeliveryRejection:
            self.init(rejection.code, status: rejection.status, title: "Delivery rejected", detail: "\(rejection)")
        case let refusal as RequestRefusal: self.init(refusal)
        case let refusal as LeaseRefusal: self.init("refused", status: 409, title: "Lease refused", detail: "\(refusal)")
        case let error as any HTTPResponseError: self.init(status: error.status)
        default:
            self.init("failed", status: 500, title: "Internal error", detail: "Slingshot could not do this; its log says why")
        }
    }

    private init(_ refusal: RequestRefusal) {
        switch refusal {
        case .unknownStack: self.init("no-such-stack", status: 404, title: "No such stack", detail: "\(refusal)")
        case .unknownRepository: self.init("no-such-repository", status: 404, title: "No such repository", detail: "\(refusal)")
        case .badNumber: self.init("bad-request", status: 400, title: "Bad request", detail: "\(refusal)")
        case .notRunning: self.init("refused", status: 409, title: "Refused", detail: "\(refusal)")
        }
    }

    private init(status: HTTPResponse.Status) {
        switch status.code {
        case 404: self.init("not-found", status: 404, title: "Not found", detail: "there is no such route; see /api/v1/stacks")
        case 405: self.init("not-found", status: 405, title: "Method not allowed", detail: "this route does not take that method")
        case 413: self.init("too-large", status: 413, title: "Too large", detail: "the body is over the limit")
        case 400..<500: self.init("bad-request", status: Int(status.code), title: status.reasonPhrase, detail: status.reasonPhrase)
        default:
            self.init(
                "failed", status: Int(status.code), title: status.reasonPhrase, detail: "Slingshot could not do this; its log says why")
        }
    }

    func response() throws -> Response {
        var headers: HTTPFields = [.contentType: "application/problem+json"]
        if status == 401 { headers[.wwwAuthenticate] = "Bearer" }
        if status == 503 { headers[.retryAfter] = "5" }
        return Response(
            status: .init(code: status), headers: headers, body: .init(byteBuffer: ByteBuffer(data: try ControlCoding.encode(self))))
    }
}

extension Response {
    /// `value` as JSON.
    static func json(_ value: some Encodable, status: HTTPResponse.Status = .ok) throws -> Response {
        Response(
            status: status, headers: [.contentType: "application/json; charset=utf-8"],
            body: .init(byteBuffer: ByteBuffer(data: try ControlCoding.encode(value))))
    }
}
