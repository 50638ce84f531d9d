import Foundation
import Orchestration
import Synchronization

/// One repository's conversation with its forge: requests that carry the repository's credentials.
final class ForgeSession: Sendable {
    let http: ForgeHTTP
    private let authority: any ForgeAuthority
    private let cache = AnswerCache()
    private let account = Mutex<(owner: String, account: String?)?>(nil)

    init(_ http: ForgeHTTP, _ authority: any ForgeAuthority) {
        self.http = http
        self.authority = authority
    }

    /// Sends, and once more with other credentials where the first were refused and there are others by now.
    @discardableResult
    func send(_ request: ForgeRequest) async throws -> ForgeAnswer {
        let credential = try await authority.current()
        do { return try await once(request, credential) } catch let error as ForgeError where error.kind == .unauthorized {
            guard await authority.renews(credential) else { throw error }
            return try await once(request, try await authority.current())
        }
    }

    func read<Value: Decodable>(_ request: ForgeRequest, as type: Value.Type = Value.self) async throws -> Value {
        try await send(request).decoded(as: type)
    }

    /// Nil where the forge says that there is no such thing.
    func find<Value: Decodable>(_ request: ForgeRequest, as type: Value.Type = Value.self) async throws -> Value? {
        do { return try await read(request, as: type) } catch let error as ForgeError where error.kind == .notFound { return nil }
    }

    /// What `ask` finds out about the account that the credentials belong to; asked again when they are another's.
    func account(_ ask: () async throws -> String?) async throws -> String? {
        let owner = try await authority.current().owner
        if let known = account.withLock({ $0 }), known.owner == owner { return known.account }
        let found = try await ask()
        account.withLock { $0 = (owner, found) }
        return found
    }

    private func once(_ request: ForgeRequest, _ credential: ForgeCredential) async throws -> ForgeAnswer {
        guard request.isConditional, request.method == .GET else { return try await http.exchange(request, credential) }
        let key = try request.target()
        let known = cache[key]
        let answer = try await http.exchange(request, credential, etag: known?.header("etag"))
        if answer.status == 304, let known { return known }
        cache[key] = answer
        return answer
    }
}

/// The last answers to requests that are asked again and again, so that what has not changed is not sent again; on GitHub that does not
/// count against the limit either.
final class AnswerCache: Sendable {
    private struct State {
        var answers: [String: (answer: ForgeAnswer, used: Int)] = [:]
        var bytes = 0
        var uses = 0
    }

    /// In bytes, for one repository.
    private static let size = 8 << 20
    private let state = Mutex(State())

    subscript(key: String) -> ForgeAnswer? {
        get {
            state.withLock { state in
                state.uses += 1
                state.answers[key]?.used = state.uses
                return state.answers[key]?.answer
            }
        }
        set {
            state.withLock { state in
                if let old = state.answers.removeValue(forKey: key) { state.bytes -= old.answer.body.count }
                guard let newValue, newValue.header("etag") != nil, newValue.body.count <= Self.size / 2 else { return }
                state.uses += 1
                state.answers[key] = (newValue, state.uses)
                state.bytes += newValue.body.count
                while state.bytes > Self.size || state.answers.count > 256,
                    let oldest = state.answers.min(by: { $0.value.used < $1.value.used })
                {
                    state.answers[oldest.key] = nil
                    state.bytes -= oldest.value.answer.body.count
                }
            }
        }
    }
}
