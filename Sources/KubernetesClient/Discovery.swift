import NIOCore

/// Which kinds the cluster serves, asked for one group and version at a time when it is needed, so that a group whose server is broken
/// harms only those who use it.
public actor Discovery {
    private let fetch: @Sendable (_ path: String) async throws -> ByteBuffer
    private var known: [GroupVersion: [String: APIResource]] = [:]

    init(fetch: @escaping @Sendable (_ path: String) async throws -> ByteBuffer) { self.fetch = fetch }

    /// How the cluster serves a manifest's kind. The answer is kept; an unknown kind is asked for once more, because a custom resource may
    /// have been added since.
    ///
    /// - Throws: ``KubernetesError/unknownKind(apiVersion:kind:)`` when the cluster says that there is none.
    public func resource(apiVersion: String, kind: String) async throws -> APIResource {
        guard let group = GroupVersion(apiVersion) else { throw KubernetesError.unknownKind(apiVersion: apiVersion, kind: kind) }
        if let resource = known[group]?[kind] { return resource }
        let resources = try await resources(of: group)
        known[group] = resources
        guard let resource = resources[kind] else { throw KubernetesError.unknownKind(apiVersion: apiVersion, kind: kind) }
        return resource
    }

    /// The kinds of a group; none when the cluster does not have the group.
    private func resources(of group: GroupVersion) async throws -> [String: APIResource] {
        let body: ByteBuffer
        do { body = try await fetch(group.path) } catch let error as KubernetesError where error.code == 404 { return [:] }
        let list = try decoding(APIResourceList.self, from: body, what: group.path)
        let resources = list.resources.filter { !$0.name.contains("/") }  // those are subresources
            .map { APIResource(groupVersion: group, kind: $0.kind, name: $0.name, isNamespaced: $0.namespaced, verbs: Set($0.verbs ?? [])) }
        return Dictionary(resources.map { ($0.kind, $0) }) { first, _ in first }
    }
}

/// `meta/v1` `APIResourceList`.
private struct APIResourceList: Decodable {
    struct Resource: Decodable {
        var name: String
        var kind: String
        var namespaced: Bool
        var verbs: [String]?
    }

    var resources: [Resource]
}
