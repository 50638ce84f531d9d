import CryptoExtras
public import Foundation
import JWTKit

/// A GitHub App as GitHub knows it: its public key, and where it is installed.
public struct FakeApp: Sendable {
    private struct Claims: JWTPayload {
        var iss: IssuerClaim
        var iat: IssuedAtClaim
        var exp: ExpirationClaim

        func verify(using _: some JWTAlgorithm) throws {}
    }

    public var id: String
    public var slug = "slingshot-staging"
    public var installation: Int64
    public var permissions = [
        "contents": "read", "metadata": "read", "pull_requests": "write", "statuses": "write", "deployments": "write",
    ]
    /// In seconds, of the tokens that its installations get.
    public var lifetime: TimeInterval = 3_600
    /// What the App signs with, in PEM: its owner's to keep.
    public let privateKey: String
    private let publicKey: String

    public init(id: String, installation: Int64) throws {
        let key = try _RSA.Signing.PrivateKey(keySize: .bits2048)
        self.id = id
        self.installation = installation
        privateKey = key.pemRepresentation
        publicKey = key.publicKey.pemRepresentation
    }

    /// Holds a signed token against GitHub's rules. https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app
    func verify(_ token: String, now: Date) async throws(FakeRefusal) -> ForgeState.Token {
        let claims: Claims
        do {
            let keys = await JWTKeyCollection().add(rsa: try Insecure.RSA.PublicKey(pem: publicKey), digestAlgorithm: .sha256)
            claims = try await keys.verify(token, as: Claims.self)
        } catch { throw FakeRefusal(status: 401, message: "A JSON web token could not be decoded") }
        guard claims.iss.value == id else { throw FakeRefusal(status: 401, message: "Integration not found") }
        guard claims.iat.value <= now else {
            throw FakeRefusal(
                status: 401, message: "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued")
        }
        guard claims.exp.value > now else {
            throw FakeRefusal(
                status: 401,
                message:
                    "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires")
        }
        guard claims.exp.value <= now.addingTimeInterval(600) else {
            throw FakeRefusal(status: 401, message: "'Expiration time' claim ('exp') is too far in the future")
        }
        return ForgeState.Token(account: slug, scopes: ["app"])
    }
}
