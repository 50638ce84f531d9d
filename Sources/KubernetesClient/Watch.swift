import NIOCore

/// One change of a watched collection.
public enum WatchEvent<Object: Decodable & Sendable>: Sendable {
    case added(Object)
    case modified(Object)
    /// As it was last.
    case deleted(Object)
    /// Nothing changed until this resource version.
    case bookmark(resourceVersion: String)
}

extension KubernetesClient {
    /// The changes of the selected objects after `resourceVersion`, which a list told.
    public func watch<Object: Decodable & Sendable>(
        _ path: ResourcePath, selector: Selector = Selector(), from resourceVersion: String, as type: Object.Type = Object.self
    ) -> Watch<Object> {
        Watch(client: self, path: path, selector: selector, resourceVersion: resourceVersion)
    }
}

/// An endless watch. The server ends each request after 5 to 10 minutes, at random so that not all come back at once; then, and when it has
/// been silent for longer than its bookmarks allow (``Timeouts/watchIdle``), the watch goes on from the last resource version it saw. Nothing is sent or held before it is asked for: the reader's pace is the server's.
///
/// Throws ``KubernetesError/expired(_:)`` when that resource version is too old: list again, then watch from there. Every other error ends
/// it too.
public struct Watch<Object: Decodable & Sendable>: AsyncSequence, Sendable {
    fileprivate let client: KubernetesClient
    fileprivate let path: ResourcePath
    fileprivate let selector: Selector
    fileprivate let resourceVersion: String

    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(watch: self, resourceVersion: resourceVersion) }

    public struct AsyncIterator: AsyncIteratorProtocol {
        /// Etcd holds no object over 1.5 MiB; as JSON, with its managed fields, it can be some times larger.
        private static var largestLine: Int { 8 << 20 }

        fileprivate let watch: Watch
        fileprivate private(set) var resourceVersion: String
        private var lines: Lines?
        private var eventsOfRequest = 0

        fileprivate init(watch: Watch, resourceVersion: String) {
            self.watch = watch
            self.resourceVersion = resourceVersion
        }

        /// Never nil.
        public mutating func next() async throws -> WatchEvent<Object>? {
            while true {
                try Task.checkCancellation()
                if lines == nil {
                    let request = APIRequest.watch(
                        watch.path, selector: watch.selector, resourceVersion: resourceVersion, timeoutSeconds: .random(in: 300...600))
                    lines = Lines(try await watch.client.transport.stream(request, .watch), limit: Self.largestLine, format: .records)
                    eventsOfRequest = 0
                }
                var line: ByteBuffer?
                do { line = try await lines?.next() } catch is Lines.Silence {}
                if let line {
                    eventsOfRequest += 1
                    let frame = try decoding(WatchFrame<Object>.self, from: line, what: "watch of \(watch.path)")
                    if let version = frame.resourceVersion { resourceVersion = version }
                    return try frame.content.get()
                }
                lines = nil
                // a server that closes at once must not be asked in a tight loop
                if eventsOfRequest == 0 { try await watch.client.clock.sleep(for: .seconds(1)) }
            }
        }
    }
}

/// One line of a watch (`meta/v1` `WatchEvent`).
struct WatchFrame<Object: Decodable & Sendable>: Decodable {
    private struct Versioned: Decodable {
        struct Metadata: Decodable {
            var resourceVersion: String?
        }

        var metadata: Metadata?
    }

    private enum CodingKeys: CodingKey { case type, object }

    /// What happened, or why the watch can't go on.
    var content: Result<WatchEvent<Object>, KubernetesError>
    var resourceVersion: String?

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let type = try container.decode(String.self, forKey: .type)
        if type == "ERROR" {
            let status = try container.decode(Status.self, forKey: .object)
            content = .failure(status.code == 410 ? .expired(status.message) : .status(status))
            return
        }
        resourceVersion = try container.decode(Versioned.self, forKey: .object).metadata?.resourceVersion
        switch type {
        case "ADDED": content = .success(.added(try container.decode(Object.self, forKey: .object)))
        case "MODIFIED": content = .success(.modified(try container.decode(Object.self, forKey: .object)))
        case "DELETED": content = .success(.deleted(try container.decode(Object.self, forKey: .object)))
        case "BOOKMARK": content = .success(.bookmark(resourceVersion: resourceVersion ?? ""))
        default: throw DecodingError.dataCorruptedError(forKey: .type, in: container, debugDescription: "unknown type of event \"\(type)\"")
        }
    }
}
