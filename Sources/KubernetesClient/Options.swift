/// Which objects of a collection are meant.
public struct Selector: Hashable, Sendable {
    /// For example `app=web,tier!=cache`.
    public var labels: String?
    /// For example `metadata.name=web`; only a few fields of each kind can be used.
    public var fields: String?

    public init(labels: String? = nil, fields: String? = nil) {
        self.labels = labels
        self.fields = fields
    }

    var query: [QueryItem] { [QueryItem("labelSelector", labels), QueryItem("fieldSelector", fields)].compactMap(\.self) }
}

/// The body of a delete (`meta/v1` `DeleteOptions`).
public struct DeleteOptions: Encodable, Hashable, Sendable {
    /// What becomes of the objects that the deleted one owns.
    public enum Propagation: String, Encodable, Sendable {
        case orphan = "Orphan"
        case background = "Background"
        case foreground = "Foreground"
    }

    private struct Preconditions: Encodable, Hashable {
        var uid: String
    }

    private var apiVersion = "v1"
    private var kind = "DeleteOptions"
    private var preconditions: Preconditions?
    private var gracePeriodSeconds: Int?
    private var propagationPolicy: Propagation?

    /// - Parameters:
    ///   - uid: delete only the object with this UID; the server answers 409 when another has the name.
    ///   - gracePeriodSeconds: instead of the object's own; 0 kills at once.
    public init(uid: String? = nil, gracePeriodSeconds: Int? = nil, propagation: Propagation? = nil) {
        preconditions = uid.map(Preconditions.init)
        self.gracePeriodSeconds = gracePeriodSeconds
        propagationPolicy = propagation
    }
}

/// Which lines of a container's log are meant.
public struct LogOptions: Hashable, Sendable {
    /// Nil when the pod has only one.
    public var container: String?
    /// So many lines from the end; nil for all.
    public var tailLines: Int?
    /// Only what was written at this instant or later: RFC 3339, to the second (the server ignores fractions).
    public var sinceTime: String?
    /// Puts the time of each line before it: RFC 3339 with up to nine digits of fraction, and a space.
    public var timestamps: Bool
    /// The container's previous run instead of the current one.
    public var previous: Bool
    /// Goes on until the container ends.
    public var follow: Bool
    /// The server cuts after so many bytes, also in the middle of a line.
    public var limitBytes: Int?

    public init(
        container: String? = nil, tailLines: Int? = nil, sinceTime: String? = nil, timestamps: Bool = false, previous: Bool = false,
        follow: Bool = false, limitBytes: Int? = nil
    ) {
        self.container = container
        self.tailLines = tailLines
        self.sinceTime = sinceTime
        self.timestamps = timestamps
        self.previous = previous
        self.follow = follow
        self.limitBytes = limitBytes
    }

    var query: [QueryItem] {
        [
            QueryItem("container", container), QueryItem("tailLines", tailLines.map(String.init)),
            QueryItem("sinceTime", sinceTime), QueryItem("timestamps", timestamps ? "true" : nil),
            QueryItem("previous", previous ? "true" : nil),
            QueryItem("follow", follow ? "true" : nil), QueryItem("limitBytes", limitBytes.map(String.init)),
        ].compactMap(\.self)
    }
}
