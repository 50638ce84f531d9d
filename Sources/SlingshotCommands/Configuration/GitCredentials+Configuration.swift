import StagingModel
import StrictYAML

/// A repository's `credentials`, as the file has them.
extension GitCredentials {
    /// `forge` is nil when it could not be read; then none is missed.
    init(_ value: YAMLValue, forge: Forge?) throws(YAMLProblem) {
        let mapping = try value.mapping(allowing: ["token", "username", "password", "githubApp", "ssh"])
        let keys = mapping.fields.map(\.key).sorted()
        switch keys {
        case ["token"]: self = .token(try SecretReference(mapping.required("token")))
        case ["githubApp"]:
            let app = try mapping.required("githubApp")
            if let forge, forge != .github { throw app.problem("is for GitHub; use `token`") }
            self = .githubApp(try GitHubApp(app))
        case ["password", "username"]:
            let username = try mapping.required("username")
            if let forge, forge != .bitbucket, forge != .bitbucketServer { throw username.problem("is for Bitbucket; use `token`") }
            guard try !username.string().isEmpty, try !username.string().contains(":") else {
                throw username.problem("must be a name without a colon")
            }
            self = .password(username: try username.string(), try SecretReference(mapping.required("password")))
        case ["ssh"]:
            let files = try mapping.required("ssh").mapping(allowing: ["key", "knownHosts"])
            self = .ssh(key: try Self.file(files.optional("key")), knownHosts: try Self.file(files.optional("knownHosts")))
        default:
            throw value.problem(
                "must be one of {token: {file: PATH}}, {githubApp: {id: ID, privateKey: {file: PATH}}}, {username: NAME, password: {file: PATH}} and {ssh: {key: {file: PATH}}}"
            )
        }
    }

    /// What has to be readable before anything is served.
    var secrets: [SecretReference] {
        switch self {
        case .token(let secret), .password(_, let secret): [secret]
        case .githubApp(let app): [app.privateKey]
        case .ssh: []
        }
    }

    private static func file(_ value: YAMLValue?) throws(YAMLProblem) -> String? {
        try value?.mapping(allowing: ["file"]).required("file").string()
    }
}

extension GitHubApp {
    /// `id` is the App's number or its client id; `installation` may be left out.
    fileprivate init(_ value: YAMLValue) throws(YAMLProblem) {
        let mapping = try value.mapping(allowing: ["id", "privateKey", "installation"])
        let id = try mapping.required("id")
        let text = id.json().integer.map { String($0) } ?? id.json().string ?? ""
        guard !text.isEmpty, text.utf8.count <= 64, text.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == ".") }) else {
            throw id.problem("must be the App's id or client id, such as 123456 or Iv23liABC")
        }
        var installation: Int64?
        if let value = mapping.optional("installation") { installation = Int64(try value.integer(in: 1...Int(Int32.max) * 1_000)) }
        self.init(id: text, privateKey: try SecretReference(mapping.required("privateKey")), installation: installation)
    }
}
