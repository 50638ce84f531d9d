import ControlAPI
import Crypto
import Foundation
import HTTPTypes
import Hummingbird

/// Lets requests with the API's bearer token through (RFC 6750).
struct TokenMiddleware: RouterMiddleware {
    typealias Context = BasicRequestContext
    private let expected: SHA256Digest

    init(token: String) { expected = SHA256.hash(data: Data(token.utf8)) }

    func handle(_ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response) async throws
        -> Response
    {
        let given = request.headers[.authorization] ?? ""
        // Digests compare in constant time, and hide the token's length.
        guard given.hasPrefix("Bearer "), SHA256.hash(data: Data(given.dropFirst("Bearer ".count).utf8)) == expected else {
            throw Problem(
                "unauthorized", status: 401, title: "Not allowed",
                detail: "the API token is missing or wrong; give it with --token or SLINGSHOT_TOKEN")
        }
        return try await next(request, context)
    }
}
