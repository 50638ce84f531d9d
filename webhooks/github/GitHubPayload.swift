/// What every payload may have. Webhooks of organizations and apps send some without a repository.
struct GitHubPayload: Decodable {
    let repository: GitHubRepository?
}

/// The first delivery of every webhook.
struct GitHubPing: Decodable {
    let repository: GitHubRepository?
    /// A random saying of GitHub's.
    let zen: String?

    private enum Key: String, CodingKey { case repository, zen }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        repository = try fields.decodeIfPresent(GitHubRepository.self, forKey: .repository)
        zen = try fields.contains(.zen) && !fields.decodeNil(forKey: .zen) ? fields.line(.zen) : nil
    }
}

/// A repository as payloads name it. Its id stays when it is renamed or moved.
struct GitHubRepository: Decodable {
    let id: Int
    /// `owner/name`, in the case that its owner chose.
    let fullName: String

    private enum Key: String, CodingKey {
        case id
        case fullName = "full_name"
    }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        id = try fields.wholeNumber(.id)
        fullName = try fields.fullName(.fullName)
    }

    /// Two that disagree in either are two: a doubt makes a fork.
    func isSame(as other: GitHubRepository) -> Bool {
        id == other.id && fullName.lowercased() == other.fullName.lowercased()
    }
}
