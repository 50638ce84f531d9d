import Foundation
import NIOHTTP1

/// One name and value of a query.
struct QueryItem: Hashable, Sendable {
    var name: String
    var value: String

    init?(_ name: String, _ value: String?) {
        guard let value else { return nil }
        self.name = name
        self.value = value
    }
}

/// A request, made apart from sending it.
struct APIRequest: Sendable {
    var method: HTTPMethod
    /// Path and query, percent-encoded, below the server's base URL.
    var target: String
    var accept = "application/json"
    var contentType: String?
    var body: [UInt8]?

    private init(_ method: HTTPMethod, _ path: String, _ query: [QueryItem?] = [], body: [UInt8]? = nil, contentType: String? = nil) {
        self.method = method
        let items = query.compactMap { item in item.map { "\($0.name)=\(percentEncoded($0.value))" } }
        target = items.isEmpty ? path : "\(path)?\(items.joined(separator: "&"))"
        self.body = body
        self.contentType = contentType
    }

    static func get(_ path: ResourcePath) -> APIRequest { APIRequest(.GET, path.description) }

    /// A path with its query as the caller wrote it.
    static func raw(_ target: String) -> APIRequest {
        var request = APIRequest(.GET, target)
        request.accept = "*/*"
        return request
    }

    static func apply(_ path: ResourcePath, manifest: [UInt8], fieldManager: String, force: Bool) -> APIRequest {
        let query = [QueryItem("fieldManager", fieldManager), QueryItem("force", force ? "true" : nil)]
        return APIRequest(.PATCH, path.description, query, body: manifest, contentType: "application/apply-patch+yaml")
    }

    static func post(_ path: ResourcePath, body: [UInt8]) -> APIRequest {
        APIRequest(.POST, path.description, body: body, contentType: "application/json")
    }

    static func mergePatch(_ path: ResourcePath, patch: [UInt8], fieldManager: String) -> APIRequest {
        let query = [QueryItem("fieldManager", fieldManager)]
        return APIRequest(.PATCH, path.description, query, body: patch, contentType: "application/merge-patch+json")
    }

    static func delete(_ path: ResourcePath, selector: Selector = Selector(), options: DeleteOptions) throws -> APIRequest {
        let body = [UInt8](try JSONEncoder().encode(options))
        return APIRequest(.DELETE, path.description, selector.query, body: body, contentType: "application/json")
    }

    static func list(
        _ path: ResourcePath, selector: Selector = Selector(), limit: Int, continueToken: String? = nil, metadataOnly: Bool = false
    ) -> APIRequest {
        var request = APIRequest(
            .GET, path.description, selector.query + [QueryItem("limit", String(limit)), QueryItem("continue", continueToken)])
        if metadataOnly {
            // servers of aggregated APIs may not know it, and answer in full
            request.accept = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json"
        }
        return request
    }

    static func watch(_ path: ResourcePath, selector: Selector, resourceVersion: String, timeoutSeconds: Int) -> APIRequest {
        let query = [
            QueryItem("watch", "true"), QueryItem("resourceVersion", resourceVersion), QueryItem("allowWatchBookmarks", "true"),
            QueryItem("timeoutSeconds", String(timeoutSeconds)),
        ]
        return APIRequest(.GET, path.description, selector.query + query)
    }

    static func logs(_ path: ResourcePath, options: LogOptions) -> APIRequest {
        var request = APIRequest(.GET, path.description, options.query)
        request.accept = "*/*"
        return request
    }
}
