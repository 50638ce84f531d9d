import Hummingbird
import NIOCore

/// `GET /api/v1/openapi.json`: the API as OpenAPI 3.1 describes it. `openapi.json` is written by hand; the tests hold every route and
/// every answer against it.
struct OpenAPIRoute {
    static let document = ByteBuffer(bytes: PackageResources.openapi_json)

    func add(to api: RouterGroup<CallContext>) {
        api.get("openapi.json") { _, _ in
            Response(status: .ok, headers: [.contentType: "application/json"], body: .init(byteBuffer: Self.document))
        }
    }
}
