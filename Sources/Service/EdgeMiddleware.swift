import ControlAPI
import CoreMetrics
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import Telemetry

/// What every request gets: an id, a problem document instead of an error, and its place in the numbers.
struct EdgeMiddleware: RouterMiddleware {
    typealias Context = CallContext

    let routes: RecordedRoutes.Table
    let trustedProxies: Set<Sender>
    let rejections: Rejections
    let metrics: ServiceMetrics

    func handle(_ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response) async throws
        -> Response
    {
        var context = context
        context.requestID = Self.id(of: request)
        context.sender = context.sender.behindProxies(request, trusted: trustedProxies)
        context.logger[metadataKey: "hb.request.id"] = nil
        let id = context.requestID
        let inner = context
        var response = await LogScope.with(["request": "\(id)"]) {
            do {
                return try await next(request, inner)
            } catch {
                return answer(to: error, request, inner)
            }
        }
        response.headers[.requestID] = id
        metrics.answered(route: context.endpointPath, method: request.method, status: response.status)
        return response
    }

    /// The client's id where it is one that can't do harm in a log, else one of ours.
    private static func id(of request: Request) -> String {
        if let given = request.headers[.requestID], (1...64).contains(given.utf8.count),
            given.utf8.allSatisfy({
                (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0) || [0x2D, 0x2E, 0x5F].contains($0)
            })
        {
            return given
        }
        return RequestID().description
    }

    private func answer(to error: any Error, _ request: Request, _ context: Context) -> Response {
        var problem = Problem(error)
        var headers: HTTPFields = [:]
        if problem.status == 404, error is HTTPError {
            let methods = routes.methods(at: request.uri.path)
            if !methods.isEmpty {
                problem = Problem(
                    "method-not-allowed", status: 405, title: "Method not allowed",
                    detail: "this route takes \(methods.map(\.rawValue).joined(separator: " and ")) only; see /api/v1/openapi.json")
                headers[.allow] = methods.map(\.rawValue).joined(separator: ", ")
            }
        }
        if problem.status >= 500 {
            context.logger.error(
                "request failed", metadata: ["method": "\(request.method)", "path": "\(request.uri.path)", "error": "\(error)"])
        } else if let wait = rejections.count(problem.status, from: context.sender) {
            // Whoever is refused again and again is slowed down; what verifies is served all the same.
            context.logger.notice("too many rejected requests", metadata: ["sender": "\(context.sender)", "error": "\(problem.detail)"])
            problem = Problem(
                "too-many-rejected", status: 429, title: "Too many rejected requests",
                detail: "this address sends many requests that are rejected, this one too: \(problem.detail)")
            headers[.retryAfter] = String(wait)
            headers[.connection] = "close"
        } else if problem.status == 401 || problem.status == 403 {
            context.logger.notice(
                "rejected", metadata: ["sender": "\(context.sender)", "path": "\(request.uri.path)", "error": "\(problem.detail)"])
        }
        problem.request = context.requestID
        return problem.response(headers: headers)
    }
}
