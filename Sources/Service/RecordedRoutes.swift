import HTTPTypes
import Hummingbird
import Synchronization

/// A router that knows its routes: for 405 instead of 404, and for the test that compares them with the OpenAPI document.
struct RecordedRoutes: RouterMethods {
    struct Route: Sendable {
        var method: HTTPRequest.Method
        var path: RouterPath
    }

    /// The routes that were registered.
    final class Table: Sendable {
        private let routes = Mutex<[Route]>([])

        var all: [Route] { routes.withLock { $0 } }

        fileprivate func add(_ route: Route) { routes.withLock { $0.append(route) } }

        /// The methods that the path takes; none when there is no such path.
        func methods(at path: String) -> [HTTPRequest.Method] {
            let segments = path.split(separator: "/")
            let methods = all.filter { route in
                route.path.components.count == segments.count && zip(route.path.components, segments).allSatisfy { $0 ~= $1 }
            }.map(\.method)
            return methods.contains(.get) ? methods + [.head] : methods
        }
    }

    typealias Context = CallContext

    // Who may look with GET may look with HEAD (RFC 9110, section 9.3.2).
    let router = Router(context: CallContext.self, options: .autoGenerateHeadEndpoints)
    let table = Table()

    @discardableResult func add(middleware: any MiddlewareProtocol<Request, Response, CallContext>) -> RecordedRoutes {
        router.add(middleware: middleware)
        return self
    }

    @discardableResult func on<Responder: HTTPResponder>(_ path: RouterPath, method: HTTPRequest.Method, responder: Responder)
        -> RecordedRoutes where Responder.Context == CallContext
    {
        router.on(path, method: method, responder: responder)
        table.add(Route(method: method, path: path))
        return self
    }
}
