/// The part of every object's `metadata` that clients need most.
public struct ObjectMetadata: Decodable, Hashable, Sendable {
    /// The object that made this one.
    public struct Owner: Decodable, Hashable, Sendable {
        public var kind: String
        public var name: String
        public var uid: String
        public var controller: Bool?
    }

    public var name: String
    public var namespace: String?
    public var uid: String
    /// Opaque: compare for equality only.
    public var resourceVersion: String?
    /// Grows by one with each change of the object's wanted state; nil for kinds that don't count.
    public var generation: Int64?
    public var labels: [String: String]?
    public var annotations: [String: String]?
    /// RFC 3339, to the second.
    public var creationTimestamp: String?
    /// Set once the object is being deleted.
    public var deletionTimestamp: String?
    public var ownerReferences: [Owner]?

    public var isTerminating: Bool { deletionTimestamp != nil }
    /// The owner that controls this object.
    public var controller: Owner? { ownerReferences?.first { $0.controller == true } }
}

/// An object of any kind, reduced to its metadata.
public struct PartialObject: Decodable, Hashable, Sendable {
    public var metadata: ObjectMetadata
}

/// A list, with the resource version from which a watch goes on.
public struct ObjectList<Object: Decodable & Sendable>: Sendable {
    public var items: [Object]
    public var resourceVersion: String
}

/// One page of a list as the server sends it.
struct ObjectPage<Object: Decodable & Sendable>: Decodable {
    struct Metadata: Decodable {
        var resourceVersion: String?
        var `continue`: String?
    }

    var metadata: Metadata
    /// The server writes `null` for an empty list of some kinds.
    var items: [Object]?
}
