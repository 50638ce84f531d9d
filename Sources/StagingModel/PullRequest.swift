/// A git commit's full object id: 40 (SHA-1) or 64 (SHA-256) lower-case hexadecimal digits.
public struct CommitID: Hashable, Sendable, CustomStringConvertible {
    public let description: String

    public init?(_ text: String) {
        guard [40, 64].contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }) else {
            return nil
        }
        description = text
    }

    /// The first seven digits, as git and the forges show it.
    public var short: String { String(description.prefix(7)) }
}

extension CommitID: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let id = CommitID(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a full commit id")
        }
        self = id
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

/// What a forge says of a pull request. Every text is a stranger's: data, never structure.
public struct PullRequest: Codable, Hashable, Sendable {
    public var number: Int
    public var title: String
    public var author: String
    /// The head branch's name.
    public var branch: String
    /// The base branch's name.
    public var base: String
    /// The head commit as the delivery named it. A hint: what is deployed is what the ref says when it is fetched.
    public var head: CommitID?
    public var labels: [String]
    /// The page of the pull request on its forge.
    public var url: String
    public var isDraft: Bool
    /// True when the head is in another repository than the base, or in none any more.
    public var isFork: Bool

    public init(
        number: Int, title: String = "", author: String = "", branch: String = "", base: String = "", head: CommitID? = nil,
        labels: [String] = [], url: String = "", isDraft: Bool = false, isFork: Bool = false
    ) {
        self.number = number
        self.title = title
        self.author = author
        self.branch = branch
        self.base = base
        self.head = head
        self.labels = labels
        self.url = url
        self.isDraft = isDraft
        self.isFork = isFork
    }
}

extension PullRequest {
    /// The git ref under which a forge serves the head of its pull request: GitHub's, which Gitea and Forgejo share.
    public static func headRef(_ number: Int) -> String { "refs/pull/\(number)/head" }
}
