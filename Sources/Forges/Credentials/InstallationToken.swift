import Foundation
import Orchestration
import StagingModel
import Synchronization

/// The token of a GitHub App's installation, for one repository only. Made when it is first needed, and again before it expires; who
/// comes meanwhile waits for the same one.
final class InstallationToken: ForgeAuthority {
    fileprivate struct State {
        var credential: ForgeCredential?
        var expires = Date.distantPast
        var installation: Int64?
        /// Counts the requests for a token that ended, and how the last did when it failed.
        var attempts = 0
        var failure: (any Error)?
    }

    private struct Made: Decodable {
        var token: String
        var expires_at: Date
    }

    private struct Installation: Decodable { var id: Int64 }

    /// In seconds: a step that begins with a token may take so long.
    private static let margin: TimeInterval = 300

    private let app: GitHubApp
    /// Owner and name.
    private let repository: [String]
    private let session: ForgeSession
    private let clock: any WallClock
    private let turnstile = Turnstile()
    private let state: Mutex<State>

    /// - Parameter session: signs as the App.
    init(_ app: GitHubApp, repository: [String], session: ForgeSession, clock: any WallClock) {
        self.app = app
        self.repository = repository
        self.session = session
        self.clock = clock
        state = Mutex(State(installation: app.installation))
    }

    func current() async throws -> ForgeCredential {
        let (known, before) = state.withLock { ($0.fresh(at: clock.now, margin: Self.margin), $0.attempts) }
        if let known { return known }
        return try await turnstile.pass {
            // Another has asked while this one waited: what it got counts for both.
            let (known, failure) = state.withLock { state in
                (state.fresh(at: clock.now, margin: Self.margin), state.attempts > before ? state.failure : nil)
            }
            if let known { return known }
            if let failure { throw failure }
            do {
                let credential = try await make()
                state.withLock { ($0.attempts, $0.failure) = ($0.attempts + 1, nil) }
                return credential
            } catch {
                if !(error is CancellationError) { state.withLock { ($0.attempts, $0.failure) = ($0.attempts + 1, error) } }
                throw error
            }
        }
    }

    /// A token can be revoked before its time.
    func renews(_ refused: ForgeCredential) -> Bool {
        state.withLock { if $0.credential == refused { $0.credential = nil } }
        return true
    }

    private func make() async throws -> ForgeCredential {
        let installation = try await installation()
        let call = ForgeCall(purpose: "get a token for the GitHub App \(app.id)", right: "to be installed on the repository")
        let made: Made
        do {
            made = try await session.read(
                ForgeRequest(
                    .POST, ["app", "installations", "\(installation)", "access_tokens"],
                    body: ["repositories": [.string(repository[1])]], call))
        } catch let error as ForgeError where error.kind == .notFound {
            // Installed anew, it has another id.
            state.withLock { $0.installation = app.installation }
            throw error
        }
        let credential = ForgeCredential(
            authorization: "Bearer \(made.token)", secrets: [made.token], owner: "app \(app.id)",
            git: .basic(username: "x-access-token", password: made.token))
        state.withLock { ($0.credential, $0.expires) = (credential, made.expires_at) }
        return credential
    }

    private func installation() async throws -> Int64 {
        if let known = state.withLock({ $0.installation }) { return known }
        let call = ForgeCall(purpose: "find the installation of the GitHub App \(app.id)", right: "to be installed on the repository")
        let found: Installation = try await session.read(ForgeRequest(.GET, ["repos"] + repository + ["installation"], call))
        state.withLock { $0.installation = found.id }
        return found.id
    }
}

extension InstallationToken.State {
    fileprivate func fresh(at now: Date, margin: TimeInterval) -> ForgeCredential? {
        now.addingTimeInterval(margin) < expires ? credential : nil
    }
}
