import Foundation
import JWTKit
import Orchestration
import StagingModel

/// What a GitHub App signs to be known as itself, rather than as one of its installations.
struct AppToken: ForgeAuthority {
    /// `JWTPayload`; GitHub wants nothing else in it.
    private struct Claims: JWTPayload {
        var iss: IssuerClaim
        var iat: IssuedAtClaim
        var exp: ExpirationClaim

        func verify(using _: some JWTAlgorithm) throws {}
    }

    var app: GitHubApp
    var read: SecretReader
    var clock: any WallClock

    /// Signed anew each time: it costs a millisecond, and so a new key counts at once.
    func current() async throws -> ForgeCredential {
        let pem: String
        do { pem = try read(app.privateKey) } catch { throw ForgeError(.misconfigured, "\(error)") }
        let now = clock.now
        // GitHub's clock may be behind ours, and no more than ten minutes ahead are taken.
        let claims = Claims(
            iss: IssuerClaim(value: app.id), iat: IssuedAtClaim(value: now.addingTimeInterval(-60).wholeSecond),
            exp: ExpirationClaim(value: now.addingTimeInterval(540).wholeSecond))
        let token: String
        do {
            let keys = await JWTKeyCollection().add(rsa: try Insecure.RSA.PrivateKey(pem: pem), digestAlgorithm: .sha256)
            token = try await keys.sign(claims)
        } catch {
            throw ForgeError(
                .misconfigured, "the privateKey of the GitHub App \(app.id) is no RSA key in PEM; generate one in the App's settings")
        }
        return ForgeCredential(
            authorization: "Bearer \(token)", secrets: [token], owner: "app \(app.id)",
            git: .basic(username: "x-access-token", password: token))
    }

    /// Nothing is gained by signing the same again.
    func renews(_ refused: ForgeCredential) -> Bool { false }
}

extension Date {
    fileprivate var wholeSecond: Date { Date(timeIntervalSince1970: timeIntervalSince1970.rounded(.down)) }
}
