import ControlAPI
import Foundation
import Hummingbird
import NIOFoundationCompat

extension Request {
    /// The body of a request to the API, which has to be JSON of at most 64 KB.
    func json<T: Decodable>(_ type: T.Type) async throws -> T {
        let mediaType = headers[.contentType]?.prefix { $0 != ";" && $0 != " " }.lowercased()
        // Without a type it is what this API takes; a form of another site can't claim that (CSRF).
        guard mediaType == nil || mediaType == "application/json" else {
            throw Problem(
                "unsupported-media-type", status: 415, title: "Unsupported media type",
                detail: "the body must be JSON; set the content type to application/json")
        }
        let buffer = try await body.collect(upTo: 64 * 1024)
        do {
            return try ControlCoding.decode(type, from: Data(buffer: buffer))
        } catch let error as DecodingError {
            throw Problem.badRequest("the body is not what this route takes: \(error.fieldAndReason)")
        }
    }
}

extension Problem {
    static func badRequest(_ detail: String) -> Problem { Problem("bad-request", status: 400, title: "Bad request", detail: detail) }
    static func refused(_ detail: String) -> Problem { Problem("refused", status: 409, title: "Refused", detail: detail) }
}

extension DecodingError {
    /// The field and what is wrong with it, in a line.
    fileprivate var fieldAndReason: String {
        let (context, missing): (Context, String?) =
            switch self {
            case .keyNotFound(let key, let context): (context, key.stringValue)
            case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context): (context, nil)
            @unknown default: (Context(codingPath: [], debugDescription: "it can't be read"), nil)
            }
        let path = (context.codingPath.map(\.stringValue) + (missing.map { [$0] } ?? [])).joined(separator: ".")
        return path.isEmpty ? "it is not JSON of the right shape" : "`\(path)` is \(missing == nil ? "of the wrong type" : "missing")"
    }
}
