import Foundation
import NIOSSL
import Synchronization

/// What a plugin made, ready to be sent.
struct PluginCredential: Sendable {
    /// Counts the runs, so that a refused credential can be told from a newer one.
    var run: Int
    var token: String?
    /// With the client certificate, when there is one. Connections made with another are never used for it.
    var tls: TLSConfiguration?
    var expires: Date?
}

/// Runs a plugin when its credential is first needed, has expired or was refused. All who wait share one run, and its outcome; it is
/// ended when the last of them is cancelled.
final class PluginCredentials: Sendable {
    private typealias Waiter = CheckedContinuation<PluginCredential, any Error>

    private struct State {
        var credential: PluginCredential?
        /// The number of the newest run.
        var run = 0
        var task: Task<Void, Never>?
        var lastWaiter = 0
        var waiters: [Int: Waiter] = [:]
    }

    private let plugin: CredentialPlugin
    private let limit: Duration
    private let now: @Sendable () -> Date
    private let tls: @Sendable (ClusterConfiguration.ClientCertificate) throws(KubernetesError) -> TLSConfiguration
    private let state = Mutex(State())

    /// - Parameters:
    ///   - limit: how long a run may take.
    ///   - tls: how to connect with a client certificate.
    init(
        _ plugin: CredentialPlugin, limit: Duration = .seconds(60), now: @escaping @Sendable () -> Date = { Date() },
        tls: @escaping @Sendable (ClusterConfiguration.ClientCertificate) throws(KubernetesError) -> TLSConfiguration
    ) {
        self.plugin = plugin
        self.limit = limit
        self.now = now
        self.tls = tls
    }

    /// The credential to send now.
    ///
    /// - Throws: what ``CredentialPlugin/run(limit:)`` throws.
    func current() async throws -> PluginCredential {
        let now = now()
        let (known, waiter) = state.withLock { state -> (PluginCredential?, Int) in
            state.lastWaiter += 1
            let isGood = state.credential?.expires.map { now < $0 } ?? true
            return (isGood ? state.credential : nil, state.lastWaiter)
        }
        if let known { return known }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                state.withLock { state in
                    state.waiters[waiter] = continuation
                    if state.task == nil { startRun(&state) }
                }
                // the handler may have come before the continuation
                if Task.isCancelled { leave(waiter) }
            }
        } onCancel: {
            leave(waiter)
        }
    }

    /// The server answered 401 to this credential. Should a newer one be there by now, that stays.
    func refused(_ credential: PluginCredential) {
        state.withLock { if $0.credential?.run == credential.run { $0.credential = nil } }
    }

    private func startRun(_ state: inout State) {
        state.run += 1
        let run = state.run
        // not the child of a request: it serves others too, and goes on when that one is cancelled
        state.task = Task {
            do {
                let made = try await plugin.run(limit: limit)
                var credential = PluginCredential(run: run, token: made.token, expires: made.expires)
                if let certificate = made.certificate {
                    do { credential.tls = try tls(certificate) } catch { throw KubernetesError.configuration("\(plugin): \(error)") }
                }
                finish(run, .success(credential))
            } catch { finish(run, .failure(error)) }
        }
    }

    private func finish(_ run: Int, _ outcome: Result<PluginCredential, any Error>) {
        let waiters = state.withLock { state -> [Waiter] in
            // everybody left, and perhaps others came and started another
            guard state.run == run, state.task != nil else { return [] }
            state.task = nil
            state.credential = try? outcome.get()
            defer { state.waiters = [:] }
            return Array(state.waiters.values)
        }
        for waiter in waiters { waiter.resume(with: outcome) }
    }

    private func leave(_ waiter: Int) {
        let (continuation, task) = state.withLock { state -> (Waiter?, Task<Void, Never>?) in
            guard let continuation = state.waiters.removeValue(forKey: waiter) else { return (nil, nil) }
            guard state.waiters.isEmpty else { return (continuation, nil) }
            defer { state.task = nil }
            return (continuation, state.task)
        }
        task?.cancel()
        continuation?.resume(throwing: CancellationError())
    }
}
