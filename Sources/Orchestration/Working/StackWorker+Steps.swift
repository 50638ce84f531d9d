import Foundation
import StagingModel
import Synchronization

extension StackWorker {
    /// Does one step and writes its outcome. Throws ``StepError``, `Superseded`, `CancellationError`, and what the store throws.
    func perform(_ step: Step, on stack: Stack) async throws {
        switch step {
        case .observe, .wait:
            break
        case .ask:
            try await ask(step, stack)
        case .fetch:
            try await fetch(step, stack)
        case .hold:
            try await record(step, kind: .decision, stack.approvalText) {
                if step.isSuperseded(by: $0, at: engines.clock.now) { throw Superseded() }
                $0.held()
            }
        case .build(_, let commit, let image):
            try await build(step, commit, image, of: stack)
        case .deploy(_, let commit):
            try await deploy(step, commit, of: stack)
        case .watch:
            try await watch(step, stack)
        case .renewLease(let lease, let uid):
            try await engines.runtime(of: stack).renew(lease, of: name, uid: uid)
            try await record(step, "wrote the lease's end, \(lease.expiresAt?.rfc3339 ?? StackMetadata.never), on the namespace") {
                $0.recovered()
            }
        case .adopt(let uid):
            try await record(step, "the namespace with UID \(uid) is this stack's") { $0.adopted(uid: uid) }
        case .forget(let uid):
            try await record(step, "the namespace with UID \(uid) is gone, though the stack is wanted") { $0.lost() }
        case .recover:
            try await record(step, "what was wrong is over") { $0.recovered() }
        case .refuse(let why):
            throw StepError(why, isRetryable: false)
        case .expire:
            let now = engines.clock.now
            let rules = settings.repositories[name.repository]?.when
            let label = rules?.removesLabelOnExpiry == true ? rules?.label : nil
            try await record(step, kind: .decision, "the lease ended at \(stack.lease.expiresAt?.rfc3339 ?? StackMetadata.never)") {
                // It may have been extended, or closed, since the record was read.
                guard $0.wanted == .running, $0.lease.isExpired(at: now) else { throw Superseded() }
                $0.expired(removing: label)
            }
        case .destroy(let uid):
            let removed = try await engines.runtime(of: stack).destroy(name, uid: uid)
            try await record(step, "destroying namespace UID \(uid): \(Self.text(removed))") { $0.failure = nil }
        case .awaitGone(let uid):
            try await awaitGone(step, uid: uid, of: stack)
        case .renewCopy(let lease, let copy):
            try await renew(step, lease, copy)
        case .retire(let copy):
            try await retire(step, copy)
        case .finish(let reason, let note):
            try await record(step, name: "destroyed", "destroyed (\(reason.rawValue)): \(note ?? Stack.nothingLeft)") {
                guard $0.wanted == .gone(reason), $0.copies.isEmpty else { throw Superseded() }
                $0.finished(reason, note: note)
            }
        case .unlabel(let label):
            try await unlabel(step, label)
        }
    }

    private func fetch(_ step: Step, _ stack: Stack) async throws {
        let repository = try settings.repository(of: stack)
        let commit = try await CommitSource(refs: engines.refs, repository: repository).commit(for: stack)
        let now = engines.clock.now
        // What was asked of it may be something else by now.
        @Sendable func fence(_ stack: Stack) throws { if step.isSuperseded(by: stack, at: now) { throw Superseded() } }
        if let approval = stack.approval, approval.commit != commit {
            return try await record(step, "the head is \(commit.short) by now, which nobody has approved") {
                try fence($0)
                ($0.pullRequest.head, $0.pullRequest.shortHead) = (commit, nil)
            }
        }
        if let exclusion = try await ChangedPaths(refs: engines.refs, repository: repository).exclusion(of: stack, at: commit) {
            return try await record(step, kind: .decision, name: "exclude", exclusion.text) {
                try fence($0)
                $0.exclude(exclusion)
            }
        }
        let base = try await CommitSource(refs: engines.refs, repository: repository).base(of: stack)
        let image = try await source(of: repository).image(of: commit, base: base)
        try await record(step, "fetched \(commit)" + (base.map { ", and its stack file from the base at \($0.short)" } ?? "")) {
            try fence($0)
            $0.fetched(commit, base: base, image: image)
        }
    }

    /// What a person would have to mend first is told, and left at that: the stack is gone, and the label is a courtesy.
    private func unlabel(_ step: Step, _ label: String) async throws {
        @Sendable func fence(_ stack: Stack) throws {
            if step.isSuperseded(by: stack, at: engines.clock.now) { throw Superseded() }
        }
        do {
            guard let repository = settings.repositories[name.repository], let forge = try engines.forge(repository) else {
                throw ForgeError(.misconfigured, "its repository has no `credentials` that its forge would know; set them")
            }
            try await forge.removeLabel(label, from: name.number)
            try await record(step, "took the label `\(label)` off the pull request") {
                try fence($0)
                $0.unlabeled(label)
            }
        } catch let error as ForgeError {
            if error.isRetryable { throw StepError(error.message, isRetryable: true) }
            try await record(step, kind: .failure, "the label `\(label)` stays on the pull request: \(error.message)") {
                try fence($0)
                ($0.expiredLabel, $0.failure) = (nil, nil)
            }
        }
    }

    private func source(of repository: RepositorySettings) -> PlanSource {
        PlanSource(refs: engines.refs, addressing: settings.policy.addressing, repository: repository)
    }

    private func build(_ step: Step, _ commit: CommitID, _ image: String, of stack: Stack) async throws {
        let repository = try settings.repository(of: stack)
        let source = source(of: repository)
        // What can't be planned needs no image, and says so sooner.
        _ = try await source.plan(for: stack, commit: commit, base: stack.fetched?.base)
        guard let recipe = try await source.recipe(at: stack.fetched?.base ?? commit) else {
            throw StepError("\(commit.short) asks for no build any more; redeploy the stack", isRetryable: false)
        }
        let request = BuildRequest(stack: name, repository: repository, commit: commit, recipe: recipe, image: image)
        let started = engines.clock.now
        let outcome = try await engines.builder(of: stack).build(request) { text in
            try await record(step, kind: .step, name: "progress", text) {
                if step.isSuperseded(by: $0, at: engines.clock.now) { throw Superseded() }
                $0.message = text
            }
        }
        let now = engines.clock.now.wholeSeconds
        let took = DurationText.text(max(Int(now.timeIntervalSince(started)), 1))
        try await record(step, outcome == .found ? "the image \(image) is there already" : "built the image \(image) in \(took)") {
            if step.isSuperseded(by: $0, at: now) { throw Superseded() }
            $0.built(at: now)
        }
    }

    /// What a teardown began with, by kind.
    static func text(_ removed: [String: Int]) -> String {
        let counts = removed.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
        return counts.isEmpty ? "it was empty" : counts
    }

    private func deploy(_ step: Step, _ commit: CommitID, of stack: Stack) async throws {
        let repository = try settings.repository(of: stack)
        let plan = try await source(of: repository).plan(for: stack, commit: commit, base: stack.fetched?.base)
        let leased = try await store { stack in stack.honour(timeToLive: plan.timeToLive, policy: settings.policy.lifetime) }
        try await engines.runtime(of: stack).apply(plan, lease: leased.lease) { uid in
            // The fence: nothing is put into the namespace when something else is wanted by now.
            let current = try await store { $0.changing(uid: uid) }
            if step.isSuperseded(by: current, at: engines.clock.now) { throw Superseded() }
        } onWaiting: { text in
            try await record(step, kind: .step, name: "progress", "waiting: \(text)") {
                if step.isSuperseded(by: $0, at: engines.clock.now) { throw Superseded() }
                // What it waits for is still true, and stays the text.
                if $0.phase != .waiting { $0.message = "deploying; \(text)" }
            }
        }
        let now = engines.clock.now.wholeSeconds
        try await record(step, "applied \(plan.objects.count) objects of \(commit.short), plan \(plan.digest.prefix(12))") {
            if step.isSuperseded(by: $0, at: now) { throw Superseded() }
            $0.applied(plan, at: now)
        }
    }

    private func watch(_ step: Step, _ stack: Stack) async throws {
        let deployedAt = stack.deployed?.at ?? engines.clock.now
        let deadline = max(deployedAt.addingTimeInterval(TimeInterval(settings.readyTimeout)), engines.clock.now.addingTimeInterval(30))
        let runtime = try engines.runtime(of: stack)
        // After a restart, or when its lease was moved, what it waits for is known.
        let last = Latest(stack.waitReason == .image ? .waitingForImage(stack.message) : nil)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await engines.clock.sleep(until: deadline)
                var limit = settings.readyTimeout
                // Who builds an image somewhere else takes longer than it takes to run it.
                if case .waitingForImage? = last.readiness.withLock({ $0 }) {
                    limit = max(limit, Int(Stack.imageTimeout))
                    try await engines.clock.sleep(until: max(deadline, deployedAt.addingTimeInterval(Stack.imageTimeout)))
                }
                let why = last.readiness.withLock { $0?.text } ?? "the engine told nothing of it"
                let now = engines.clock.now
                _ = try await store {
                    // It may have got ready in this very moment.
                    if step.isSuperseded(by: $0, at: now) || $0.deployed?.readyAt != nil { throw Superseded() }
                    $0.phase = .failed
                }
                throw StepError("not ready after \(DurationText.text(limit)): \(why)", isRetryable: true)
            }
            group.addTask {
                try await runtime.awaitReady(name) { readiness in
                    guard last.readiness.withLock({ exchange(&$0, with: readiness) }) != readiness else { return }
                    try await saw(readiness, step)
                }
            }
            try await group.next()
            group.cancelAll()
        }
    }

    private func saw(_ readiness: Readiness, _ step: Step) async throws {
        let now = engines.clock.now.wholeSeconds
        let (kind, word): (StackEvent.Kind, String) =
            switch readiness {
            case .ready: (.outcome, "ready")
            case .progressing, .waitingForImage: (.step, "progress")
            case .failing: (.failure, "not-ready")
            }
        _ = try await store {
            if step.isSuperseded(by: $0, at: now) { throw Superseded() }
            $0.saw(readiness, at: now)
        } event: {
            guard $0.message == readiness.text || readiness == .ready else { return nil }
            let took = $0.deployed.map { " after \(DurationText.text(max(Int(now.timeIntervalSince($0.at)), 1)))" } ?? ""
            return StackEvent(stack: name, at: now, kind: kind, name: word, message: $0.message + (readiness == .ready ? took : ""))
        }
    }

    private func awaitGone(_ step: Step, uid: String, of stack: Stack) async throws {
        let started = engines.clock.now
        try await engines.runtime(of: stack).awaitGone(name, uid: uid) { holding in
            try await record(step, kind: .step, name: "progress", "waiting: \(holding)") { $0.held(by: holding) }
        }
        let seconds = max(Int(engines.clock.now.timeIntervalSince(started)), 0)
        try await record(step, "the engine says that namespace UID \(uid) is gone (\(DurationText.text(seconds)))") { $0.gone() }
        // That very namespace is gone: whatever has its name by now is another one, and not this stack's to destroy.
        if case .gone(let reason) = stack.wanted, stack.copies.isEmpty { try await perform(.finish(reason, note: nil), on: stack) }
    }
}

/// What was last told of a stack's readiness; shared by the one that follows it and the one that watches the time.
private final class Latest: Sendable {
    let readiness: Mutex<Readiness?>

    init(_ known: Readiness?) { readiness = Mutex(known) }
}
