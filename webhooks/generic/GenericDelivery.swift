import Foundation
import StagingModel

/// The payload of a generic delivery. Its actions are the model's own words for changes, and `ping`. Only `action`, `repository` and `number` have to be there; what it does not know is ignored.
struct GenericDelivery: Decodable {
    let message: ForgeMessage

    private enum Key: String, CodingKey {
        case action, repository, number, title, author, branch, base, sha, ref, labels, url, draft, fork, updatedAt
    }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        let action = try fields.name(.action)
        let repository = try fields.name(.repository)
        guard action != "ping" else {
            message = .ping(repository: repository, text: nil)
            return
        }
        guard action != "comment" else {
            message = .ignored(
                repository: repository, reason: "because a plain git server can't be asked who may command; use the command line")
            return
        }
        guard let change = PullRequestEvent.Change(rawValue: action) else {
            message = .ignored(repository: repository, reason: "because \(action) is an action that Slingshot does not know")
            return
        }
        let (labels, isDraft) = (try fields.ifPresent(.labels, fields.labels), try fields.ifPresent(.draft, fields.flag))
        let pullRequest = PullRequest(
            number: try fields.pullRequestNumber(.number),
            title: try fields.ifPresent(.title, fields.line) ?? "", author: try fields.ifPresent(.author, fields.line) ?? "",
            branch: try fields.ifPresent(.branch, fields.name) ?? "", base: try fields.ifPresent(.base, fields.name) ?? "",
            head: try fields.ifPresent(.sha, fields.commit), ref: try fields.ifPresent(.ref, fields.ref),
            labels: labels ?? [], url: try fields.ifPresent(.url, fields.webAddress) ?? "",
            isDraft: isDraft ?? false, isFork: try fields.ifPresent(.fork, fields.flag) ?? false)
        message = .pullRequest(
            PullRequestEvent(
                change: change, repository: repository, pullRequest: pullRequest,
                updatedAt: try fields.ifPresent(.updatedAt, fields.time),
                untold: Set([labels == nil ? .labels : nil, isDraft == nil ? .draft : nil].compactMap(\.self))))
    }
}

extension KeyedDecodingContainer {
    fileprivate func flag(_ key: Key) throws -> Bool { try decode(Bool.self, forKey: key) }

    /// A full ref name. Whether it is well-formed is git's to say when it is fetched.
    fileprivate func ref(_ key: Key) throws -> String {
        let ref = try name(key)
        guard ref.hasPrefix("refs/") else { throw rejection(of: key, "must be a full ref name such as refs/heads/basket") }
        return ref
    }

    fileprivate func labels(_ key: Key) throws -> [String] {
        try decode([GenericLabel].self, forKey: key).prefix(100).map(\.text)
    }
}

private struct GenericLabel: Decodable {
    let text: String

    init(from decoder: any Decoder) throws {
        text = line(of: try decoder.singleValueContainer().decode(String.self))
    }
}
