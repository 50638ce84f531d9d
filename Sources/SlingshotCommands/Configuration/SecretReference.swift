import Foundation
import StagingModel
import StrictYAML

extension SecretReference {
    init(_ value: YAMLValue) throws(YAMLProblem) {
        let mapping = try value.mapping(allowing: ["env", "file"])
        switch (try mapping.optional("env")?.string(), try mapping.optional("file")?.string()) {
        case (let name?, nil): self = .environment(name)
        case (nil, let path?): self = .file(path)
        default: throw value.problem("must be {env: NAME} or {file: PATH}; a secret is never written here itself")
        }
    }

    /// The secret, without the white space at its ends. Throws ``ConfigurationError`` when it is missing or empty.
    func read(for what: String) throws -> String {
        let text: String?
        let place: String
        switch self {
        case .environment(let name):
            text = ProcessInfo.processInfo.environment[name]
            place = "the environment variable \(name)"
        case .file(let path):
            text = try? String(contentsOfFile: path, encoding: .utf8)
            place = "the file \(path)"
        }
        guard let secret = text?.trimmingCharacters(in: .whitespacesAndNewlines), !secret.isEmpty else {
            throw ConfigurationError("\(what): \(place) is missing, empty or not readable; set it")
        }
        return secret
    }
}

/// Something is wrong with the configuration, beyond what a line of its file can be blamed for. The text names the fix.
struct ConfigurationError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
