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
        if FileManager.default.fileExists(atPath: file) { return (try SecretReference.file(file).read(for: "the API token"), file) }
        let token = SymmetricKey(size: .bits256).withUnsafeBytes { Data($0).map { String(format: "%02x", $0) }.joined() }
        guard FileManager.default.createFile(atPath: file, contents: Data((token + "\n").utf8), attributes: [.posixPermissions: 0o600])
        else {
            throw ConfigurationError("can't write the API token to \(file); check the rights of `state`")
        }
        return (token, file)
    }
}
