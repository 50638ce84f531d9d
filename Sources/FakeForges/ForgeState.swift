public import Foundation

/// Everything that a fake forge knows: set it up, change it as people would, and look at what became of it.
public struct ForgeState: Sendable {
    public enum Role: Int, Comparable, Sendable {
        case none, read, write, admin
        public static func < (one: Role, other: Role) -> Bool { one.rawValue < other.rawValue }
    }

    public struct PullRequest: Sendable {
        public enum State: Sendable { case open, closed, merged }

        public var number: Int
        public var title: String
        public var author: String
        public var branch: String
        public var base = "main"
        /// 40 hexadecimal digits.
        public var head: String
        public var labels: [String] = []
        public var isDraft = false
        public var state = State.open
        public var isFork = false
        /// The fork was deleted.
        public var isHeadGone = false
        public var updatedAt: Date

        public init(
            _ number: Int, title: String = "Add a thing", author: String = "ada", branch: String = "thing", head: String? = nil, at: Date
        ) {
            self.number = number
            self.title = title
            self.author = author
            self.branch = branch
            let digits = String(number, radix: 16)
            self.head = head ?? String(repeating: "a", count: 40 - digits.count) + digits
            updatedAt = at
        }
    }

    public struct Comment: Hashable, Sendable {
        public struct Reaction: Hashable, Sendable {
            public var account: String
            public var content: String
        }

        public var id: Int
        public var number: Int
        public var author: String
        public var text: String
        public var version = 0
        public var reactions: [Reaction] = []
    }

    public struct Status: Hashable, Sendable {
        public var commit: String
        public var context: String
        /// In the forge's own word.
        public var state: String
        public var url: String
        public var description: String
    }

    public struct Deployment: Hashable, Sendable {
        public struct Status: Hashable, Sendable {
            public var state: String
            public var url: String?
            public var description: String?
        }

        public var id: Int
        public var environment: String
        public var commit: String
        public var statuses: [Status] = []
    }

    public struct Environment: Hashable, Sendable {
        public var id: Int
        public var name: String
        public var url: String?
        public var isStopped = false
    }

    public struct Token: Hashable, Sendable {
        public var account: String
        public var scopes: Set<String>
        /// With basic authentication: what has to go with it.
        public var username: String?
        public var expires: Date?

        public init(account: String, scopes: Set<String>, username: String? = nil, expires: Date? = nil) {
            self.account = account
            self.scopes = scopes
            self.username = username
            self.expires = expires
        }
    }

    public struct Webhook: Hashable, Sendable {
        public var id: Int
        public var url: String
        public var isActive = true
        /// In the API's words.
        public var events: Set<String>
        public var sendsJSON = true
        public var hasSecret = true
        public var verifiesTLS = true
        /// What its last delivery was answered; nil before the first, 0 when nobody answered.
        public var lastAnswer: Int?

        public init(id: Int, url: String, events: Set<String>) {
            self.id = id
            self.url = url
            self.events = events
        }
    }

    /// One attempt.
    public struct Delivery: Hashable, Sendable {
        public struct Message: Hashable, Sendable {
            public var headers: [String: String]
            public var body: Data

            public init(headers: [String: String], body: Data) {
                self.headers = headers
                self.body = body
            }
        }

        public var id: Int
        public var guid: String
        public var at: Date
        /// What the receiver answered; 0 when it did not.
        public var status: Int
        public var event = "pull_request"
        /// The number by which GitHub knows the repository; the fake's own unless told otherwise.
        public var repository = 1_300_192
        public var isRedelivery = false
        /// What is sent; nil where only the list of attempts counts, and then another attempt arrives.
        public var message: Message?

        public init(id: Int, guid: String, at: Date, status: Int) {
            self.id = id
            self.guid = guid
            self.at = at
            self.status = status
        }
    }

    /// The full name: the only repository there is.
    public var repository: String
    public var pullRequests: [Int: PullRequest] = [:]
    public var comments: [Comment] = []
    /// One a commit and context; the newest.
    public var statuses: [Status] = []
    /// Every status that was ever set.
    public var statusHistory: [Status] = []
    public var deployments: [Deployment] = []
    public var environments: [Environment] = []
    public var members: [String: Role] = ["ada": .write, "grace": .admin, "mallory": .none]
    /// By what is presented.
    public var tokens: [String: Token]
    public var app: FakeApp?
    /// One that is set up as documented, and somebody else's.
    public var webhooks: [Webhook]
    public var deliveries: [Delivery] = []
    /// The attempts that were asked for and are not on their way yet.
    var unsent: [Int] = []

    /// The most that one page holds, whatever is asked for.
    public var pageSize = 100
    /// What the links to other pages begin with; nil for the address that was asked.
    public var linkBase: String?
    /// Requests that are left until the given instant; nil for no limit.
    public var budget: (left: Int, until: Date)?

    private var lastID = 1_000
    private var accountIDs: [String: Int] = [:]

    /// - Parameter scopes: of the token `t0ken`, whose account is `slingshot`.
    public init(
        repository: String = "acme/shop", scopes: Set<String>, webhook: String = "https://slingshot.example.com/webhooks/github",
        events: Set<String> = []
    ) {
        self.repository = repository
        webhooks = [
            Webhook(id: 501, url: webhook, events: events), Webhook(id: 502, url: "https://ci.example.com/hook", events: ["push"]),
        ]
        tokens = ["t0ken": Token(account: "slingshot", scopes: scopes)]
        members["slingshot"] = .admin
    }

    public mutating func add(_ pullRequest: PullRequest) { pullRequests[pullRequest.number] = pullRequest }

    /// A comment as a person writes it.
    @discardableResult
    public mutating func comment(on number: Int, by author: String, _ text: String) -> Comment {
        let comment = Comment(id: nextID(), number: number, author: author, text: text)
        comments.append(comment)
        return comment
    }

    public func comments(on number: Int) -> [Comment] { comments.filter { $0.number == number } }

    mutating func nextID() -> Int {
        lastID += 1
        return lastID
    }

    /// The number by which a forge knows an account.
    mutating func id(of account: String) -> Int {
        if let known = accountIDs[account] { return known }
        accountIDs[account] = accountIDs.count + 10
        return accountIDs.count + 9
    }

    mutating func set(_ status: Status) {
        statuses.removeAll { $0.commit == status.commit && $0.context == status.context }
        statuses.append(status)
        statusHistory.append(status)
    }

    // MARK: What handlers ask for

    func pullRequest(_ call: FakeCall) throws(FakeRefusal) -> PullRequest {
        guard let found = pullRequests[try call.number("number")] else { throw .notFound }
        return found
    }

    /// The index of the comment that is named.
    func comment(_ call: FakeCall) throws(FakeRefusal) -> Int {
        let id = try call.number("comment")
        guard let index = comments.firstIndex(where: { $0.id == id }) else { throw .notFound }
        return index
    }

    /// The comments of the pull request that is named, in the order in which they were written.
    func comments(_ call: FakeCall) throws(FakeRefusal) -> [Comment] { comments(on: try pullRequest(call).number) }

    func open() -> [PullRequest] { pullRequests.values.filter { $0.state == .open }.sorted { $0.number < $1.number } }

    mutating func react(_ content: String, _ call: FakeCall) throws(FakeRefusal) -> Bool {
        let reaction = Comment.Reaction(account: call.token.account, content: content)
        let index = try comment(call)
        if comments[index].reactions.contains(reaction) { return false }
        comments[index].reactions.append(reaction)
        return true
    }
}
