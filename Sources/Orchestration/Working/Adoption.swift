import Foundation
import Logging
import StagingModel

extension Orchestrator {
    /// Seconds between two looks at what an engine carries.
    private static let interval: TimeInterval = 600

    /// Compares what an engine carries with the record, at the start and every ten minutes: with the database deleted, every stack is
    /// back with its lease; what a crash or a late request left behind is found and destroyed. An engine that does not answer is
    /// asked again.
    func adoptAll(from runtimeName: String, _ runtime: any StackRuntime) async {
        var attempts = 0
        while !Task.isCancelled {
            var next = engines.clock.now.addingTimeInterval(Self.interval)
            do {
                try await adopt(from: runtimeName, runtime)
                attempts = 0
            } catch {
                attempts += 1
                if error is StepError {
                    health.swept(runtimeName, at: engines.clock.now, isReachable: false)
                    StepMetrics(factory: engines.metrics).failed(runtime: runtimeName)
                }
                next = Backoff.instant(after: attempts, from: engines.clock.now)
                logger.warning(
                    "the engine could not be asked for its stacks",
                    metadata: ["runtime": "\(runtimeName)", "error": "\(error)", "retryAt": "\(next.rfc3339)"])
            }
            try? await engines.clock.sleep(until: next)
        }
    }

    /// The comparison, once. Throws what the engine and the store throw.
    func adopt(from runtimeName: String, _ runtime: any StackRuntime) async throws {
        let carried = try await runtime.stacks()
        health.swept(runtimeName, at: engines.clock.now, isReachable: true)
        for observed in carried { try await adopt(observed, runtimeName: runtimeName) }
        try await wakeChanged(carried, runtimeName: runtimeName)
    }

    /// Wakes each stack that looks otherwise than its record says: its worker asks the engine for that very stack, and decides. That a list
    /// lacks one is no evidence of anything.
    private func wakeChanged(_ carried: [ObservedStack], runtimeName: String) async throws {
        let observed = Dictionary(carried.map { ($0.name, $0) }) { first, _ in first }
        for stack in try await engines.store.read({ try $0.stacks(includingDestroyed: false) }) where stack.runtime == runtimeName {
            guard stack.namespaceUID != nil else { continue }
            let namespace = observed[stack.name]
            if namespace?.uid != stack.namespaceUID || namespace?.lease != stack.lease || namespace?.isTerminating == true {
                wake(stack.name)
            }
        }
    }

    private func adopt(_ observed: ObservedStack, runtimeName: String) async throws {
        let name = observed.name
        guard let repository = settings.repositories[name.repository],
            observed.annotations[StackMetadata.repositoryFullName].map({ $0.lowercased() == repository.repository.lowercased() }) ?? true
        else {
            // Another server's, perhaps; `slingshot reap` ends it with its lease.
            logger.notice("a stack of a repository that is not configured is left alone", metadata: ["stack": "\(name)"])
            return
        }
        let now = engines.clock.now.wholeSeconds
        let isNew = try await engines.store.write { [settings] transaction in
            let record = try transaction.stack(name)
            let stack = record.adopting(
                observed, runtime: runtimeName, configured: repository.runtime, policy: settings.policy, now: now)
            guard let stack else { return false }
            try transaction.save(stack, wakeAt: now)
            try transaction.append(StackEvent(stack: name, at: now, kind: .decision, name: "adopt", message: stack.message))
            return true
        }
        if isNew { wake(name) }
    }
}

extension Stack? {
    /// The record that has to be stored because the engine carries `observed`; nil when this one accounts for it.
    ///
    /// A record that says "destroyed" is believed over a namespace of the same life or an earlier one, which is then destroyed; a
    /// namespace whose lease began later is a life that the record never saw, as after a database was restored from a copy. A stack that the
    /// engine carries beside the one on record is a copy: the stack was moving.
    ///
    /// - Parameter configured: the runtime of the stack's repository.
    func adopting(_ observed: ObservedStack, runtime: String, configured: String, policy: LaunchPolicy, now: Date) -> Stack? {
        guard let record = self else {
            var stack = Stack(adopting: observed, runtime: runtime, policy: policy, now: now)
            if stack.wanted == .running { stack.moveAdopted(to: configured, at: now) }
            return stack
        }
        guard record.phase == .destroyed else {
            var stack = record
            guard stack.found(observed, on: runtime, configured: configured, at: now) else { return nil }
            return stack
        }
        if let began = observed.lease?.startedAt, began > record.lease.startedAt, !observed.isTerminating {
            var stack = Stack(adopting: observed, runtime: runtime, policy: policy, now: now)
            stack.revision = record.revision + 1
            stack.fetched?.revision = stack.revision
            stack.deployed?.revision = stack.revision
            stack.forgeUpdatedAt = record.forgeUpdatedAt
            stack.moveAdopted(to: configured, at: now)
            return stack
        }
        var stack = record
        stack.runtime = runtime
        stack.namespaceUID = observed.uid
        stack.phase = .destroying
        stack.message = "found on \(runtime) though it was destroyed; destroying what is left"
        return stack
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
                head: commit, isFork: annotations[StackMetadata.baseSHA] != nil),
            lease: observed.lease ?? Lease(from: now, policy: policy.lifetime), namespace: observed.namespace,
            url: annotations[StackMetadata.url] ?? "", createdAt: observed.lease?.startedAt ?? now)
        requestedAt = nil
        namespaceUID = observed.uid
        if observed.isTerminating {
            end(.requested, message: "found on \(runtime) without a record, and being deleted")
            return
        }
        phase = .deploying
        message = "found on \(runtime) without a record; its lease ends at \(lease.expiresAt?.rfc3339 ?? StackMetadata.never)"
        deployed = Deployed(of: observed, revision: revision, at: now)
        fetched = deployed.map { Fetched(revision: revision, commit: $0.commit, base: $0.base) }
        // What runs was approved, if that was needed.
        if pullRequest.isFork { approval = Approval(commit: commit) }
    }

    /// To where the configuration wants it; what is whole where it was found may answer visitors until then.
    fileprivate mutating func moveAdopted(to configured: String, at now: Date) {
        guard runtime != configured else { return }
        deployed?.readyAt = now
        move(to: configured)
    }
}

extension Stack.Deployed {
    /// As the namespace tells it; nil when it does not say that it is whole.
    init?(of observed: ObservedStack, revision: Int, at now: Date) {
        guard let commit = observed.annotations[StackMetadata.headSHA].flatMap({ CommitID($0) }),
            let digest = observed.annotations[StackMetadata.planDigest]
        else { return nil }
        let base = observed.annotations[StackMetadata.baseSHA].flatMap { CommitID($0) }
        self.init(revision: revision, commit: commit, base: base, planDigest: digest, at: now)
    }
}
