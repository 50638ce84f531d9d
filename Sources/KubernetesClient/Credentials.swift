import Foundation
import NIOSSL

/// Makes requests known to the server, by whatever way the configuration says.
enum Credentials: Sendable {
    /// What one request carries.
    struct Carried: Sendable {
        /// The value of the header.
        var authorization: String?
        /// How to connect, where that is not as always.
        var tls: TLSConfiguration?
        fileprivate var made: PluginCredential?
    }

    case fixed(authorization: String?)
    case file(TokenFile)
    case plugin(PluginCredentials)

    init(_ authentication: ClusterConfiguration.Authentication?, plugin: (CredentialPlugin) -> PluginCredentials) {
        self =
            switch authentication {
            case nil: .fixed(authorization: nil)
            case .token(let token): .fixed(authorization: "Bearer \(token)")
            case .tokenFile(let path): .file(TokenFile(path))
            case .basic(let username, let password):
                .fixed(authorization: "Basic \(Data("\(username):\(password)".utf8).base64EncodedString())")
            case .plugin(let program): .plugin(plugin(program))
            }
    }

    /// - Throws: ``KubernetesError`` or `CancellationError`.
    func current() async throws -> Carried {
        switch self {
        case .fixed(let authorization): return Carried(authorization: authorization)
        case .file(let file): return Carried(authorization: "Bearer \(try file.value(at: .now))")
        case .plugin(let credentials):
            let made = try await credentials.current()
            return Carried(authorization: made.token.map { "Bearer \($0)" }, tls: made.tls, made: made)
        }
    }

    /// After a 401: whether there can be another credential, so that it is worth sending the request once more.
    func renew(after refused: Carried) -> Bool {
        guard case .plugin(let credentials) = self, let made = refused.made else { return false }
        credentials.refused(made)
        return true
    }
}
