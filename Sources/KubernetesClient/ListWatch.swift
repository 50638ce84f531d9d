/// What happened to a followed collection.
public enum CollectionChange<Object: Decodable & Sendable>: Sendable {
    /// These are all selected objects now; what was known before is void.
    case listed([Object])
    /// An object is new, or changed.
    case updated(Object)
    /// An object is gone; this is how it was last.
    case removed(Object)
}

extension KubernetesClient {
    /// Follows the selected objects of a collection: lists them, then watches.
    public func follow<Object: Decodable & Sendable>(
        _ path: ResourcePath, selector: Selector = Selector(), as type: Object.Type = Object.self
    ) -> ListWatch<Object> {
        ListWatch(client: self, path: path, selector: selector)
    }
}

/// An endless list and watch. When the watch fails and another try can help, the collection is listed again: after a second, then after
/// twice as long each time, up to half a minute, until an event comes. The sixth failure in a row is thrown, and any that no other try can
/// help.
public struct ListWatch<Object: Decodable & Sendable>: AsyncSequence, Sendable {
    fileprivate let client: KubernetesClient
    fileprivate let path: ResourcePath
    fileprivate let selector: Selector

    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(source: self) }

    public struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let source: ListWatch
        private var watch: Watch<Object>.AsyncIterator?
        private var failures = 0

        fileprivate init(source: ListWatch) { self.source = source }

        /// Never nil.
        public mutating func next() async throws -> CollectionChange<Object>? {
            while true {
                do {
                    guard let event = try await watch?.next() else {
                        let list = try await source.client.list(source.path, selector: source.selector, as: Object.self)
                        watch = source.client.watch(source.path, selector: source.selector, from: list.resourceVersion).makeAsyncIterator()
                        return .listed(list.items)
                    }
                    failures = 0
                    switch event {
                    case .added(let object), .modified(let object): return .updated(object)
                    case .deleted(let object): return .removed(object)
                    case .bookmark: continue
                    }
                } catch let error as KubernetesError where error.isRetryable && failures < 5 {
                    watch = nil
                    failures += 1
                    try await source.client.clock.sleep(for: .seconds(Swift.min(30, 1 << (failures - 1))))
                }
            }
        }
    }
}
