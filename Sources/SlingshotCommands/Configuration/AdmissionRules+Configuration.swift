import StagingModel
import StrictYAML

extension AdmissionRules {
    /// A repository's `when`. Refuses what its forge could never tell or do; nil for a forge or credentials that can't be read is none of
    /// that. Throws everything that is wrong at once.
    init(_ value: YAMLValue, forge: Forge?, credentials: GitCredentials??) throws(YAMLProblem) {
        self.init()
        var problems = YAMLProblems()
        let mapping = try value.mapping(
            allowing: ["label", "removeLabelOnExpiry", "drafts", "branches", "authors", "paths"], &problems)
        problems.collect { () throws(YAMLProblem) in
            label = try mapping.optional("label").map { (value) throws(YAMLProblem) in
                try Self.label(value, on: forge)
            }
        }
        problems.collect { () throws(YAMLProblem) in
            guard let remove = mapping.optional("removeLabelOnExpiry") else { return }
            removesLabelOnExpiry = try remove.boolean()
            guard removesLabelOnExpiry else { return }
            guard mapping.optional("label") != nil else { throw remove.problem("needs `label`; add it") }
            guard forge?.hasAPI != false else {
                throw remove.problem("a plain git server has no labels that could be removed; remove this")
            }
            if let credentials, !credentials.openAPIs {
                throw remove.problem("needs `credentials` with which the forge's API lets labels be removed: a token; add them")
            }
        }
        problems.collect { () throws(YAMLProblem) in drafts = try mapping.optional("drafts")?.boolean() ?? true }
        problems.collect { () throws(YAMLProblem) in branches = try Self.patterns(mapping.optional("branches")) }
        problems.collect { () throws(YAMLProblem) in authors = try Self.patterns(mapping.optional("authors"), ignoringCase: true) }
        problems.collect { () throws(YAMLProblem) in
            guard let given = mapping.optional("paths") else { return }
            paths = try Self.patterns(given)
            for item in try given.list() where try item.string().drop(while: { $0 == "!" }).hasPrefix("/") {
                throw item.problem("begins with a slash, as no path does; name it from the root of the repository, such as src/**")
            }
        }
        try problems.check()
    }

    private static func label(_ value: YAMLValue, on forge: Forge?) throws(YAMLProblem) -> String {
        let label = try value.string()
        guard !label.isEmpty, label.unicodeScalars.count <= 255, !label.contains(where: \.isNewline) else {
            throw value.problem("must be a label's name, such as preview")
        }
        guard forge?.hasLabels != false else {
            throw value.problem("Bitbucket's pull requests have no labels; use branches, authors or paths")
        }
        return label
    }

    private static func patterns(_ value: YAMLValue?, ignoringCase ignoresCase: Bool = false) throws(YAMLProblem) -> Patterns? {
        guard let value else { return nil }
        for item in try value.list() {
            let text = try item.string()
            guard text.drop(while: { $0 == "!" }) != "", !text.hasPrefix("!!"), text.utf8.count <= 1_024 else {
                throw item.problem("must be a pattern of at most 1024 bytes, such as release/* or \"!docs/**\"")
            }
        }
        guard let patterns = Patterns(try value.strings(), ignoringCase: ignoresCase) else {
            throw value.problem("lets nothing in; begin with a pattern that has no ! before it, such as \"**\"")
        }
        return patterns
    }
}

extension GitCredentials? {
    /// Whether a forge's API knows them.
    fileprivate var openAPIs: Bool {
        switch self {
        case .token?, .password?, .githubApp?: true
        case .ssh?, nil: false
        }
    }
}
