import StagingModel
import StrictYAML

extension ImageRecipe {
    private static let mostArguments = 50
    private static let longestArgument = 4_096

    /// `build` of a stack file. Everything in it has a default: `build: {}` builds the Containerfile at the root.
    init(_ value: YAMLValue) throws(YAMLProblem) {
        let fields = try value.mapping(allowing: ["context", "file", "args", "target"])
        self.init()
        if let value = fields.optional("context") {
            guard let path = plainPath(try value.string()) else {
                throw value.problem(
                    "\(Wording.quoted(try value.string())) is not a folder inside the repository; write . or a relative path")
            }
            context = path
        }
        if let value = fields.optional("file") { file = try Self.file(value) }
        if let value = fields.optional("args") { arguments = try Self.arguments(value) }
        if let value = fields.optional("target") {
            let text = try value.string()
            guard text.wholeMatch(of: /[A-Za-z0-9][A-Za-z0-9_.-]{0,127}/) != nil else {
                throw value.problem("\(Wording.quoted(text)) is not the name of a stage; name one as after AS in the Containerfile")
            }
            target = text
        }
    }

    private static func file(_ value: YAMLValue) throws(YAMLProblem) -> String {
        let text = try value.string()
        guard let path = plainPath(text), !path.isEmpty else {
            throw value.problem("\(Wording.quoted(text)) is not a file inside the context; write a relative path such as Containerfile")
        }
        // buildah runs such a file through the C preprocessor on the server, where #include reads whatever it names
        guard !path.hasSuffix(".in") else { throw value.problem("a Containerfile's name must not end in .in; rename it") }
        return path
    }

    private static func arguments(_ value: YAMLValue) throws(YAMLProblem) -> [String: String] {
        let fields = try value.mapping().fields
        guard fields.count <= mostArguments else {
            throw value.problem("\(fields.count) arguments, and \(mostArguments) are allowed; name fewer")
        }
        var arguments: [String: String] = [:]
        for (name, value) in fields {
            guard name.wholeMatch(of: /[A-Za-z_][A-Za-z0-9_]{0,127}/) != nil else {
                throw value.problem("\(Wording.quoted(name)) is not the name of an argument; use letters, digits and _")
            }
            let text = try value.string()
            guard !Expression.occurs(in: text) else {
                throw value.problem("an argument has no expressions, because an image is made once a commit; write the text itself")
            }
            guard text.utf8.count <= longestArgument else {
                throw value.problem("\(text.utf8.count) bytes, and \(longestArgument) are allowed; shorten it")
            }
            arguments[name] = text
        }
        return arguments
    }
}
