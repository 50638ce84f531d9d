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

/// What a forge says of a pull request. Every text is a stranger's: data, never structure. A text that the forge left out is empty.
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
    /// What the delivery told of the head commit, where that was only its first digits: 7 to 39 of them. ``head`` is nil then.
    public var shortHead: String?
    /// The git ref that the delivery named for the head; nil for the forge's usual one.
    public var ref: String?
    public var labels: [String]
    /// The page of the pull request on its forge.
    public var url: String
    public var isDraft: Bool
    /// True when the head is in another repository than the base, or in none any more.
    public var isFork: Bool

    public init(
        number: Int, title: String = "", author: String = "", branch: String = "", base: String = "", head: CommitID? = nil,
        shortHead: String? = nil, ref: String? = nil, labels: [String] = [], url: String = "", isDraft: Bool = false, isFork: Bool = false
    ) {
        self.number = number
        self.title = title
        self.author = author
        self.branch = branch
        self.base = base
        self.head = head
        self.shortHead = shortHead
        self.ref = ref
        self.labels = labels
        self.url = url
        self.isDraft = isDraft
        self.isFork = isFork
    }
}

extension PullRequest {
    /// Whether `commit` is the head that was told of; true when none was.
    public func names(_ commit: CommitID) -> Bool {
        if let head { return head == commit }
        return shortHead.map { commit.description.hasPrefix($0) } ?? true
    }

    /// This, and what its delivery left out as `earlier` has it. That is not its head when that has `moved` since.
    public func completed(from earlier: PullRequest, moved: Bool) -> PullRequest {
        var complete = self
        for text in [\PullRequest.title, \.author, \.branch, \.base, \.url] where self[keyPath: text].isEmpty {
            complete[keyPath: text] = earlier[keyPath: text]
        }
        guard !moved, head == nil else { return complete }
        if let known = earlier.head, names(known) {
            (complete.head, complete.shortHead) = (known, nil)
        } else {
            complete.shortHead = shortHead ?? earlier.shortHead
        }
        return complete
    }

    /// This, with what the forge said when it was asked: all of it, or, where that is older than what is known, what was not known yet. The head
    /// stays the one that was told of, because another has a delivery of its own. Once it was from a fork, it is.
    public func learning(_ answer: PullRequest, isOlder: Bool) -> PullRequest {
        var learned = isOlder ? completed(from: answer, moved: false) : answer.completed(from: self, moved: false)
        learned.ref = ref
        learned.isFork = isFork || answer.isFork
        let isSameHead = answer.head.map(names) ?? false
        (learned.head, learned.shortHead) = head != nil || !isSameHead ? (head, shortHead) : (answer.head, nil)
        return learned
    }

    /// What has to be known of it and was not told, in words for people; empty when nothing is missing.
    public var untold: [String] {
        // Every forge tells the base with whatever it tells.
        if base.isEmpty { return ["author", "branches", "labels", "whether it comes from a fork"] }
        return (author.isEmpty ? ["author"] : []) + (head == nil && shortHead != nil ? ["whole commit id"] : [])
    }

    /// As much of each text as is kept of a delivery's: 1,024 Unicode scalars in one line, 100 labels, and of addresses those of the web.
    var bounded: PullRequest {
        func line(_ text: String) -> String {
            String(
                String.UnicodeScalarView(
                    text.unicodeScalars.prefix(1_024).map { $0.properties.generalCategory == .control ? " " : $0 }))
        }
        var bounded = self
        for text in [\PullRequest.title, \.author, \.branch, \.base] { bounded[keyPath: text] = line(self[keyPath: text]) }
        bounded.labels = labels.prefix(100).map(line)
        let isWebAddress = url.utf8.count <= 2_048 && (url.hasPrefix("https://") || url.hasPrefix("http://")) && line(url) == url
        if !isWebAddress { bounded.url = "" }
        return bounded
    }

    /// The git ref under which GitHub serves the head of its pull request. Gitea, Forgejo and our hook for plain git servers do alike.
    public static func headRef(_ number: Int) -> String { "refs/pull/\(number)/head" }
}
