import ControlAPI
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import NIOFoundationCompat
import Orchestration
import StagingModel
import Webhooks

extension Problem {
    init(_ error: any Error) {
        switch error {
        case let problem as Problem: self = problem
        case let rejection as DeliveryRejection:
            self.init(rejection.code, status: rejection.status, title: "Delivery rejected", detail: "\(rejection)")
        case let refusal as RequestRefusal: self.init(refusal)
        case let refusal as LeaseRefusal: self.init("refused", status: 409, title: "Lease refused", detail: "\(refusal)")
        case let error as any HTTPResponseError: self.init(status: error.status)
        case is NIOTooManyBytesError: self.init(status: .contentTooLarge)
        default:
            self.init("failed", status: 500, title: "Internal error", detail: "Slingshot could not do this; its log says why")
        }
    }

    private init(_ refusal: RequestRefusal) {
        switch refusal {
        case .unknownStack: self.init("no-such-stack", status: 404, title: "No such stack", detail: "\(refusal)")
        case .unknownRepository: self.init("no-such-repository", status: 404, title: "No such repository", detail: "\(refusal)")
        case .badNumber: self.init("bad-request", status: 400, title: "Bad request", detail: "\(refusal)")
        case .notRunning, .notApprovable, .notLaunchable: self.init("refused", status: 409, title: "Refused", detail: "\(refusal)")
        }
    }

    private init(status: HTTPResponse.Status) {
        switch status.code {
        case 404: self.init("not-found", status: 404, title: "Not found", detail: "there is no such route; see /api/v1/stacks")
        case 413: self.init("too-large", status: 413, title: "Too large", detail: "the body is over the limit")
        case 400..<500: self.init("bad-request", status: Int(status.code), title: status.reasonPhrase, detail: status.reasonPhrase)
        default:
            self.init(
                "failed", status: Int(status.code), title: status.reasonPhrase, detail: "Slingshot could not do this; its log says why")
        }
    }

    /// The answer, with `headers` besides those that its status asks for.
    func response(headers: HTTPFields = [:]) -> Response {
        var headers = headers
        headers[.contentType] = "application/problem+json"
        if status == 401 { headers[.wwwAuthenticate] = "Bearer" }
        if status == 503 || status == 429, headers[.retryAfter] == nil { headers[.retryAfter] = "5" }
        // A problem of a few short texts always encodes.
        let body = (try? ControlCoding.encode(self)).map { ByteBuffer(data: $0) } ?? ByteBuffer()
        return Response(status: .init(code: status), headers: headers, body: .init(byteBuffer: body))
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
