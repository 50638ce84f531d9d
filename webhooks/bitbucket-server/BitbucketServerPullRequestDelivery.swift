import Foundation
import StagingModel

/// What payloads of events that change no stack may have: a pull request, or a repository, or neither.
struct BitbucketServerPayload: Decodable {
    let fullName: String?

    private enum CodingKeys: String, CodingKey { case pullRequest, repository }
    private enum PullRequestKey: String, CodingKey { case toRef }
    private enum RefKey: String, CodingKey { case repository }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        guard let pullRequest = try fields.ifPresent(.pullRequest, { try fields.nestedContainer(keyedBy: PullRequestKey.self, forKey: $0) })
        else {
            let repository = try fields.ifPresent(.repository) { try fields.decode(BitbucketServerRepository.self, forKey: $0) }
            fullName = repository?.fullName
            return
        }
        fullName = try pullRequest.nestedContainer(keyedBy: RefKey.self, forKey: .toRef)
            .decode(BitbucketServerRepository.self, forKey: .repository).fullName
    }
}

/// The payload of a `pr:*` event.
struct BitbucketServerPullRequestDelivery: Decodable {
    private let pullRequest: BitbucketServerPullRequest

    /// A fork unless both refs are of one repository.
    func event(_ change: PullRequestEvent.Change) -> PullRequestEvent {
        let (source, target) = (pullRequest.source, pullRequest.target)
        return PullRequestEvent(
            change: change, repository: target.repository.fullName,
            pullRequest: PullRequest(
                number: pullRequest.number, title: pullRequest.title, author: pullRequest.author, branch: source.branch,
                base: target.branch, head: source.commit, url: pullRequest.url, isDraft: pullRequest.isDraft ?? false,
                isFork: source.repository?.isSame(as: target.repository) != true),
            updatedAt: pullRequest.updatedAt, untold: pullRequest.isDraft == nil ? [.labels, .draft] : [.labels])
    }
}

/// A repository as payloads name it: `PROJECT/slug`, or `~user/slug` for a person's own.
struct BitbucketServerRepository: Decodable {
    let id: Int
    let fullName: String

    private enum Key: String, CodingKey { case id, slug, project }
    private enum ProjectKey: String, CodingKey { case key }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        id = try fields.wholeNumber(.id)
        let project = try fields.nestedContainer(keyedBy: ProjectKey.self, forKey: .project)
        let (key, slug) = (try project.name(.key), try fields.name(.slug))
        let owner = key.hasPrefix("~") ? key.dropFirst() : key[...]
        guard !owner.isEmpty, owner.utf8.allSatisfy(isIdentifier) else {
            throw project.rejection(of: .key, "must be a project's key")
        }
        guard slug.utf8.allSatisfy(isIdentifier) else { throw fields.rejection(of: .slug, "must be a repository's slug") }
        fullName = "\(key)/\(slug)"
    }

    func isSame(as other: BitbucketServerRepository) -> Bool {
        id == other.id && fullName.lowercased() == other.fullName.lowercased()
    }
}

/// The fields of `pullRequest` that are used. It has no labels.
private struct BitbucketServerPullRequest: Decodable {
    let number: Int
    let title: String
    let author: String
    let source: BitbucketServerRef<BitbucketServerRepository?>
    let target: BitbucketServerRef<BitbucketServerRepository>
    let url: String
    /// Nil before 8.18.
    let isDraft: Bool?
    let updatedAt: Date?

    private enum Key: String, CodingKey {
        case title, author, draft, links, fromRef, toRef, updatedDate
        case number = "id"
    }

    private enum AuthorKey: String, CodingKey { case user }
    private enum UserKey: String, CodingKey { case name }
    private enum LinksKey: String, CodingKey { case page = "self" }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        number = try fields.pullRequestNumber(.number)
        title = try fields.line(.title)
        author = try fields.nestedContainer(keyedBy: AuthorKey.self, forKey: .author)
            .nestedContainer(keyedBy: UserKey.self, forKey: .user).line(.name)
        source = try fields.decode(BitbucketServerRef.self, forKey: .fromRef)
        target = try fields.decode(BitbucketServerRef.self, forKey: .toRef)
        // A list with a null in it, where the server does not know its own address.
        let links = try fields.ifPresent(.links) { try fields.nestedContainer(keyedBy: LinksKey.self, forKey: $0) }
        let pages = try links.flatMap { links in
            try links.ifPresent(.page) { try links.decode([BitbucketServerLink?].self, forKey: $0) }
        }
        url = pages?.first??.href ?? ""
        // Drafts came with 8.18.
        isDraft = try fields.ifPresent(.draft) { try fields.decode(Bool.self, forKey: $0) }
        updatedAt = try fields.ifPresent(.updatedDate, fields.milliseconds)
    }
}

private struct BitbucketServerLink: Decodable {
    let href: String

    private enum Key: String, CodingKey { case href }

    init(from decoder: any Decoder) throws {
        href = try decoder.container(keyedBy: Key.self).webAddress(.href)
    }
}

/// `fromRef`, whose repository may be gone, or `toRef`.
private struct BitbucketServerRef<Repository: Decodable>: Decodable {
    let branch: String
    let commit: CommitID
    let repository: Repository

    private enum Key: String, CodingKey {
        case repository
        case branch = "displayId"
        case commit = "latestCommit"
    }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        branch = try fields.name(.branch)
        commit = try fields.commit(.commit)
        repository = try fields.decode(Repository.self, forKey: .repository)
    }
}

extension KeyedDecodingContainer {
    /// An instant in milliseconds since 1970.
    fileprivate func milliseconds(_ key: Key) throws -> Date {
        let value = try wholeNumber(key)
        guard (0...253_402_300_799_999).contains(value) else { throw rejection(of: key, "must be milliseconds since 1970") }
        return Date(timeIntervalSince1970: Double(value) / 1_000).wholeSeconds
    }
}
