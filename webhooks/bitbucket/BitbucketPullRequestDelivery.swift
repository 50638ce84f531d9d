import Foundation
import StagingModel

/// The payload of a `pullrequest:*` event.
struct BitbucketPullRequestDelivery: Decodable {
    private let repository: BitbucketRepository
    private let pullRequest: BitbucketPullRequest

    private enum CodingKeys: String, CodingKey {
        case repository
        case pullRequest = "pullrequest"
    }

    /// What the event says. An update of one that is merged or declined already, such as of its title, is none that a stack could follow.
    func message(_ change: PullRequestEvent.Change) -> ForgeMessage {
        guard change != .updated || pullRequest.isOpen else {
            return .ignored(repository: repository.fullName, reason: "because the pull request is not open any more")
        }
        return .pullRequest(event(change))
    }

    /// A fork unless source, destination and the repository of the delivery are the same one.
    private func event(_ change: PullRequestEvent.Change) -> PullRequestEvent {
        let (source, destination) = (pullRequest.source, pullRequest.destination)
        let isFork = [source, destination].contains { $0.repository?.isSame(as: repository) != true }
        return PullRequestEvent(
            change: change, repository: repository.fullName,
            pullRequest: PullRequest(
                number: pullRequest.number, title: pullRequest.title, author: pullRequest.author, branch: source.branch,
                base: destination.branch, head: source.commit.full, shortHead: source.commit.short, url: pullRequest.url,
                isDraft: pullRequest.isDraft ?? false, isFork: isFork),
            updatedAt: pullRequest.updatedAt, untold: pullRequest.isDraft == nil ? [.labels, .draft] : [.labels])
    }
}

/// A repository as payloads name it. Its UUID stays when it is renamed or moved.
struct BitbucketRepository: Decodable {
    let uuid: String?
    /// `workspace/slug`.
    let fullName: String

    private enum Key: String, CodingKey {
        case uuid
        case fullName = "full_name"
    }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        uuid = try fields.ifPresent(.uuid, fields.name)
        fullName = try fields.fullName(.fullName)
    }

    /// Two that disagree in either are two: a doubt makes a fork.
    func isSame(as other: BitbucketRepository) -> Bool {
        uuid == other.uuid && fullName.lowercased() == other.fullName.lowercased()
    }
}

/// The fields of `pullrequest` that are used. Bitbucket has no labels.
private struct BitbucketPullRequest: Decodable {
    let number: Int
    let title: String
    let author: String
    let source: BitbucketBranch
    let destination: BitbucketBranch
    let url: String
    /// Nil where it was not told: drafts came late.
    let isDraft: Bool?
    let isOpen: Bool
    let updatedAt: Date?

    private enum Key: String, CodingKey {
        case title, author, source, destination, draft, links, state
        case number = "id"
        case updatedAt = "updated_on"
    }

    private enum AuthorKey: String, CodingKey { case nickname }
    private enum LinksKey: String, CodingKey { case html }
    private enum LinkKey: String, CodingKey { case href }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        number = try fields.pullRequestNumber(.number)
        title = try fields.line(.title)
        // Null for an account that was deleted; a team or an app has no nickname.
        let account = try fields.ifPresent(.author) { try fields.nestedContainer(keyedBy: AuthorKey.self, forKey: $0) }
        author = try account.flatMap { try $0.ifPresent(.nickname, $0.line) } ?? ""
        source = try fields.decode(BitbucketBranch.self, forKey: .source)
        destination = try fields.decode(BitbucketBranch.self, forKey: .destination)
        let links = try fields.nestedContainer(keyedBy: LinksKey.self, forKey: .links)
        url = try links.nestedContainer(keyedBy: LinkKey.self, forKey: .html).webAddress(.href)
        isDraft = try fields.ifPresent(.draft) { try fields.decode(Bool.self, forKey: $0) }
        isOpen = try fields.name(.state) == "OPEN"
        updatedAt = try fields.ifPresent(.updatedAt, fields.time)
    }
}

/// `source` or `destination`.
private struct BitbucketBranch: Decodable {
    let branch: String
    let commit: (full: CommitID?, short: String?)
    /// Nil when it was deleted, as forks are.
    let repository: BitbucketRepository?

    private enum Key: String, CodingKey { case branch, commit, repository }
    private enum BranchKey: String, CodingKey { case name }
    private enum CommitKey: String, CodingKey { case hash }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        branch = try fields.nestedContainer(keyedBy: BranchKey.self, forKey: .branch).name(.name)
        let commit = try fields.ifPresent(.commit) { try fields.nestedContainer(keyedBy: CommitKey.self, forKey: $0) }
        self.commit = try commit.map { try $0.commitOrItsBeginning(.hash) } ?? (nil, nil)
        repository = try fields.ifPresent(.repository) { try fields.decode(BitbucketRepository.self, forKey: $0) }
    }
}

extension KeyedDecodingContainer {
    /// Bitbucket's payloads name commits by their first twelve digits; nothing says that it stays so.
    fileprivate func commitOrItsBeginning(_ key: Key) throws -> (full: CommitID?, short: String?) {
        let text = try name(key)
        if let commit = CommitID(text) { return (commit, nil) }
        guard (7...39).contains(text.utf8.count), CommitID(text + String(repeating: "0", count: 40 - text.utf8.count)) != nil else {
            throw rejection(of: key, "must be 7 to 40, or 64, lower-case hexadecimal digits")
        }
        return (nil, text)
    }
}
