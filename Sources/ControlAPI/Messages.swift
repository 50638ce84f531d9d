public import Foundation
public import StagingModel

/// One stack as the control API shows it.
public struct StackView: Codable, Hashable, Sendable {
    public struct PullRequestView: Codable, Hashable, Sendable {
        public var number: Int
        public var title: String
        public var author: String
        public var branch: String
        public var url: String
    }

    public var name: String
    public var repository: String
    public var runtime: String
    public var namespace: String
    public var pullRequest: PullRequestView
    public var phase: Phase
    /// Why it goes or went; absent while it is wanted.
    public var reason: DestroyReason?
    /// What it waits for, while it is `waiting`.
    public var waitsFor: WaitReason?
    /// One line that a person can act on.
    public var message: String
    /// The commit that runs; absent before the first deploy.
    public var commit: String?
    /// The commit that is wanted, where another runs or none.
    public var targetCommit: String?
    public var planDigest: String?
    public var url: String
    /// Further addresses, of what was last deployed.
    public var endpoints: [StackEndpoint]
    public var createdAt: Date
    public var updatedAt: Date
    public var readyAt: Date?
    /// Absent when the stack is pinned.
    public var expiresAt: Date?
    /// The latest instant to which `extend` can move the end.
    public var latestExpiry: Date
    /// What runs of it now. Absent in lists, where it was not asked for, and where the engine did not say.
    public var workloads: [WorkloadStatus]?
    /// Why it is not known what runs of it; absent when it is known, or was not asked for.
    public var workloadsUnknown: String?

    public init(_ stack: Stack, namespace: String, lifetime: LifetimePolicy) {
        name = stack.name.description
        repository = stack.repositoryFullName
        runtime = stack.runtime
        self.namespace = namespace
        pullRequest = PullRequestView(
            number: stack.name.number, title: stack.pullRequest.title, author: stack.pullRequest.author, branch: stack.pullRequest.branch,
            url: stack.pullRequest.url)
        phase = stack.phase
        reason = stack.destroyReason
        waitsFor = stack.waitReason
        message = stack.message
        commit = stack.deployed?.commit.description
        let target =
            stack.fetched.flatMap { $0.revision == stack.revision ? $0.commit : nil } ?? stack.pinnedCommit ?? stack.pullRequest.head
        targetCommit = target == stack.deployed?.commit ? nil : target?.description
        planDigest = stack.deployed?.planDigest
        url = stack.url
        endpoints = stack.deployed?.endpoints ?? []
        createdAt = stack.createdAt
        updatedAt = stack.updatedAt
        readyAt = stack.deployed?.readyAt
        expiresAt = stack.lease.expiresAt
        latestExpiry = stack.lease.latest(under: lifetime)
    }
}

/// `GET /api/v1/stacks`.
public struct StackList: Codable, Hashable, Sendable {
    public var stacks: [StackView]

    public init(stacks: [StackView]) { self.stacks = stacks }
}

/// `GET /api/v1/stacks/{stack}/events` and `GET /api/v1/events`.
public struct EventList: Codable, Hashable, Sendable {
    public var events: [StackEvent]

    public init(events: [StackEvent]) { self.events = events }
}

/// `GET /api/v1/stacks/{stack}/logs`, by the lines' times. With `Accept: text/event-stream` each line is an event's data instead.
public struct LogList: Codable, Hashable, Sendable {
    public var lines: [LogLine]

    public init(lines: [LogLine]) { self.lines = lines }
}

/// `POST /api/v1/stacks`.
public struct CreateRequest: Codable, Hashable, Sendable {
    /// The repository's configured name.
    public var repository: String
    public var number: Int
    /// The git ref to fetch instead of the pull request's.
    public var ref: String?
    /// The full commit id to deploy instead of the ref's newest.
    public var sha: String?

    public init(repository: String, number: Int, ref: String? = nil, sha: String? = nil) {
        self.repository = repository
        self.number = number
        self.ref = ref
        self.sha = sha
    }
}

/// `POST /api/v1/stacks/{stack}/extend`: exactly one of the two.
public struct ExtendRequest: Codable, Hashable, Sendable {
    /// `4h`, `1h30m`.
    public var duration: String?
    /// RFC 3339.
    public var until: String?

    public init(duration: String? = nil, until: String? = nil) {
        self.duration = duration
        self.until = until
    }
}

/// `POST /api/v1/stacks/{stack}/approve`.
public struct ApproveRequest: Codable, Hashable, Sendable {
    /// The full id of the commit that was looked at.
    public var sha: String

    public init(sha: String) { self.sha = sha }
}

/// The body of every error: RFC 9457, `application/problem+json`.
public struct Problem: Codable, Hashable, Error, CustomStringConvertible, Sendable {
    public var title: String
    public var status: Int
    public var detail: String
    /// A short stable word for programs: `no-such-stack`, `wrong-signature`.
    public var code: String
    /// The request's id, under which the server's log has it.
    public var request: String?

    public init(_ code: String, status: Int, title: String, detail: String) {
        self.title = title
        self.status = status
        self.detail = detail
        self.code = code
    }

    public var description: String { detail }
}

/// How the API writes and reads JSON: RFC 3339 instants, sorted keys.
public enum ControlCoding {
    public static func encode(_ value: some Encodable, pretty: Bool = false) throws -> Data {
        let encoder = JSONEncoder()
        encoder.dateEncodingStrategy = .iso8601
        encoder.outputFormatting =
            pretty ? [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted] : [.sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(value)
    }

    /// On one line.
    public static func text(_ value: some Encodable) throws -> String { String(decoding: try encode(value), as: UTF8.self) }

    public static func decode<T: Decodable>(_ type: T.Type, from data: Data) throws -> T {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        return try decoder.decode(type, from: data)
    }
}
