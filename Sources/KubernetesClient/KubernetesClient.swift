import Foundation
public import Logging
import NIOCore
import NIOFoundationCompat

/// A client for one cluster's API. Values in, values out: objects are whatever `Decodable` the caller wants to see of them.
///
/// Every call throws ``KubernetesError``, or `CancellationError` when its task is cancelled. The client itself sends again only what the
/// server asks it to (429 and 5xx with `Retry-After`, at most 10 times, up to a minute each); ``KubernetesError/isRetryable``
/// tells the caller about the rest. No answer is read beyond 64 MiB, no line of a stream beyond 8 MiB.
///
///     let client = try KubernetesClient(.load(), logger: logger)
///     let resource = try await client.discovery.resource(apiVersion: "apps/v1", kind: "Deployment")
///     let web: PartialObject = try await client.get(ResourcePath(resource, namespace: "shop", name: "web"))
///     for try await change in client.follow(try ResourcePath(.pods, namespace: "shop"), as: PartialObject.self) { … }
///     await client.shutdown()
///
/// ``shutdown()`` has to be called before the last copy goes.
public struct KubernetesClient: Sendable {
    public let configuration: ClusterConfiguration
    /// Which kinds the cluster serves.
    public let discovery: Discovery
    let transport: Transport
    let clock: any Clock<Duration>

    /// Objects on one page of a list.
    static let pageSize = 500

    /// - Parameters:
    ///   - clock: what the client waits by when the server asks it to.
    ///   - timeouts: how long it waits for the server.
    /// - Throws: ``KubernetesError/configuration(_:)`` when a certificate or a key can't be read. Nothing is sent yet.
    public init(
        _ configuration: ClusterConfiguration, logger: Logger, clock: any Clock<Duration> = ContinuousClock(),
        timeouts: Timeouts = Timeouts()
    ) throws(KubernetesError) {
        let transport = try Transport(configuration, timeouts: timeouts, clock: clock, logger: logger)
        self.configuration = configuration
        self.transport = transport
        self.clock = clock
        discovery = Discovery { try await transport.send(.raw($0)) }
    }

    /// Closes all connections. What is under way fails.
    public func shutdown() async { await transport.shutdown() }

    /// One object.
    public func get<Object: Decodable>(_ path: ResourcePath, as type: Object.Type = Object.self) async throws -> Object {
        try await decode(type, .get(path))
    }

    /// The answer to a GET of any path of the API, query included: discovery, health, a service's proxy.
    public func raw(_ path: String) async throws -> [UInt8] {
        guard path.hasPrefix("/"), path.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw KubernetesError.invalidAddress("\"\(path.prefix(200))\" is not a path: it starts with / and is percent-encoded")
        }
        return [UInt8](try await transport.send(.raw(path)).readableBytesView)
    }

    /// Creates the object, or makes the fields that the manifest has be as it says (server-side apply).
    ///
    /// - Parameters:
    ///   - manifest: YAML or JSON with apiVersion, kind and name, and without managedFields. The server's parser refuses JSON's `\/`,
    ///     surrogate pairs, and raw control characters.
    ///   - force: takes fields over that another manager owns, instead of failing with 409.
    /// - Returns: the object as it is now.
    public func apply<Object: Decodable>(
        _ path: ResourcePath, manifest: [UInt8], fieldManager: String, force: Bool = true, as type: Object.Type = Object.self
    ) async throws -> Object {
        try await decode(type, .apply(path, manifest: manifest, fieldManager: fieldManager, force: force))
    }

    /// Posts to a collection: what is asked that way, such as a review of access, and is no object that stays.
    ///
    /// - Parameter body: JSON with apiVersion and kind.
    /// - Returns: the object with the server's answer in it.
    public func post<Object: Decodable>(_ path: ResourcePath, body: [UInt8], as type: Object.Type = Object.self) async throws -> Object {
        try await decode(type, .post(path, body: body))
    }

    /// Changes an object by a JSON merge patch (RFC 7396): null removes.
    ///
    /// - Returns: the object as it is now.
    public func mergePatch<Object: Decodable>(
        _ path: ResourcePath, patch: [UInt8], fieldManager: String, as type: Object.Type = Object.self
    ) async throws -> Object {
        try await decode(type, .mergePatch(path, patch: patch, fieldManager: fieldManager))
    }

    /// Starts the deletion of an object. It may go on existing, with a deletion timestamp, until its finalizers are done.
    public func delete(_ path: ResourcePath, options: DeleteOptions = DeleteOptions()) async throws {
        _ = try await transport.send(.delete(path, options: options))
    }

    /// Starts the deletion of the selected objects of a collection.
    public func deleteCollection(_ path: ResourcePath, selector: Selector = Selector(), options: DeleteOptions = DeleteOptions())
        async throws
    {
        _ = try await transport.send(.delete(path, selector: selector, options: options))
    }

    /// All selected objects of a collection, fetched in pages of 500.
    ///
    /// - Parameter metadataOnly: asks the server to send no more than `metadata`; use with ``PartialObject``.
    /// - Throws: also ``KubernetesError/expired(_:)``, when the pages take longer than the server keeps them (5 minutes, by default).
    public func list<Object: Decodable & Sendable>(
        _ path: ResourcePath, selector: Selector = Selector(), metadataOnly: Bool = false, as type: Object.Type = Object.self
    ) async throws -> ObjectList<Object> {
        var list = ObjectList<Object>(items: [], resourceVersion: "")
        var token: String?
        repeat {
            let request = APIRequest.list(path, selector: selector, limit: Self.pageSize, continueToken: token, metadataOnly: metadataOnly)
            let page = try await decode(ObjectPage<Object>.self, request)
            list.items += page.items ?? []
            list.resourceVersion = page.metadata.resourceVersion ?? ""
            token = page.metadata.continue
        } while token?.isEmpty == false
        return list
    }

    private func decode<Object: Decodable>(_ type: Object.Type, _ request: APIRequest) async throws -> Object {
        try decoding(type, from: try await transport.send(request), what: "\(request.method) \(request.target)")
    }
}

/// Decodes JSON, and says where it is not what it should be.
func decoding<Object: Decodable>(_ type: Object.Type, from bytes: ByteBuffer, what: String) throws(KubernetesError) -> Object {
    do { return try JSONDecoder().decode(type, from: bytes) } catch {
        guard let error = error as? DecodingError else { throw .undecodable("\(what): not JSON") }
        switch error {
        case .dataCorrupted(let context), .keyNotFound(_, let context), .typeMismatch(_, let context), .valueNotFound(_, let context):
            throw .undecodable(
                "\(what): at \"\(context.codingPath.map(\.stringValue).joined(separator: "."))\": \(context.debugDescription)")
        @unknown default: throw .undecodable("\(what): \(error)")
        }
    }
}
