import Foundation
import Logging
import StagingModel

extension Orchestrator {
    /// Takes the stacks that an engine carries, and the database does not know, into the database: with it deleted, every
    /// stack is back with its lease. Tries until the engine has answered once.
    func adoptAll(from runtimeName: String, _ runtime: any StackRuntime) async {
        var attempts = 0
        while !Task.isCancelled {
            do {
                for observed in try await runtime.stacks() { try await adopt(observed, runtimeName: runtimeName) }
                return
            } catch {
                attempts += 1
                let retryAt = Backoff.instant(after: attempts, from: engines.clock.now)
                logger.warning(
                    "the engine could not be asked for its stacks",
                    metadata: ["runtime": "\(runtimeName)", "error": "\(error)", "retryAt": "\(retryAt.rfc3339)"])
                try? await engines.clock.sleep(until: retryAt)
            }
        }
    }

    private func adopt(_ observed: ObservedStack, runtimeName: String) async throws {
        let now = engines.clock.now.wholeSeconds
        let isNew = try await engines.store.write { [settings] transaction in
            guard try transaction.stack(observed.name) == nil else { return false }
            let stack = Stack(adopting: observed, runtime: runtimeName, policy: settings.policy, now: now)
            try transaction.save(stack, wakeAt: now)
            try transaction.append(
                StackEvent(
                    stack: stack.name, at: now, kind: .decision, name: "adopt",
                    message:
                        "found on \(runtimeName) without a record; its lease ends at \(stack.lease.expiresAt?.rfc3339 ?? StackMetadata.never)"
                ))
            return true
        }
        if isNew { wake(observed.name) }
    }
}

extension Stack {
    /// The record of a stack as its namespace's labels and annotations tell it. A namespace without a readable lease gets a new one.
    init(adopting observed: ObservedStack, runtime: String, policy: LaunchPolicy, now: Date) {
        let annotations = observed.annotations
        let commit = annotations[StackMetadata.headSHA].flatMap { CommitID($0) }
        self.init(
            name: observed.name, runtime: runtime, forge: annotations[StackMetadata.forge] ?? "",
            repositoryFullName: annotations[StackMetadata.repositoryFullName] ?? "",
            pullRequest: PullRequest(
                number: observed.name.number, title: annotations[StackMetadata.title] ?? "",
                author: annotations[StackMetadata.author] ?? "",
                head: commit),
            lease: observed.lease ?? Lease(from: now, policy: policy.lifetime), url: annotations[StackMetadata.url] ?? "",
            createdAt: observed.lease?.startedAt ?? now)
        namespaceUID = observed.uid
        phase = .deploying
        message = "found on \(runtime)"
        guard let commit, let digest = annotations[StackMetadata.planDigest] else { return }
        fetched = Fetched(revision: revision, commit: commit)
        deployed = Deployed(revision: revision, commit: commit, planDigest: digest, at: now)
    }
}
