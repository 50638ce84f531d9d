import Crypto
import Foundation
import StagingModel

/// The bearer token of the control API.
enum APIToken {
    /// The configured token; without one, the token in `state`/api-token, which is made at the first start, readable by its owner only.
    /// Throws ``ConfigurationError``.
    static func load(_ reference: SecretReference?, state: URL) throws -> (token: String, file: String?) {
        if let reference { return (try reference.read(for: "server.apiToken"), nil) }
        let file = state.appending(path: "api-token").path
        return (try GeneratedSecret.load(file, what: "the API token"), file)
    }
}

/// 32 random bytes, in hexadecimal, in a file that is made when it is first needed.
enum GeneratedSecret {
    /// Throws ``ConfigurationError``.
    static func load(_ file: String, what: String) throws -> String {
        if FileManager.default.fileExists(atPath: file) { return try SecretReference.file(file).read(for: what) }
        let secret = SymmetricKey(size: .bits256).withUnsafeBytes { Data($0).map { String(format: "%02x", $0) }.joined() }
        guard FileManager.default.createFile(atPath: file, contents: Data((secret + "\n").utf8), attributes: [.posixPermissions: 0o600])
        else {
            throw ConfigurationError("can't write \(what) to \(file); check the rights of `state`")
        }
        return secret
    }
}
