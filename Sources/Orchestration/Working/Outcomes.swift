import Foundation
import StagingModel

/// How the end of each step changes the record. Pure, so that the worker only has to do and to store.
extension Stack {
    mutating func began(_ step: Step) {
        // What failed, or waits for an image, stays so, with its reason, until a try succeeds.
        if isHeldUp, failure?.step == step.name { return }
        switch step {
        case .ask:
            phase = .queued
            message = "asking the forge about the pull request"
        case .fetch:
            phase = .queued
            message = "fetching \(pinnedCommit?.short ?? ref ?? "the pull request's head")"
        case .build(_, let commit, _):
            phase = .building
            message = "building the image of \(commit.short)"
        case .deploy(_, let commit):
            phase = .deploying
            message = "deploying \(commit.short)"
        case .watch:
            if !isHeldUp { phase = .deploying }
        case .destroy, .awaitGone:
            guard case .gone(let reason) = wanted else {
                phase = .queued
                message = Self.awaitingPrevious
                break
            }
            phase = .destroying
            message = "destroying (\(reason.rawValue))"
        case .retire(let copy):
            guard case .gone(let reason) = wanted else {
                message = "\(deployed?.commit.short ?? "it") is running; what stands on \(copy.runtime) goes"
                break
            }
            phase = .destroying
            message = "destroying (\(reason.rawValue)) on \(copy.runtime)"
        case .observe, .hold, .renewLease, .renewCopy, .adopt, .forget, .recover, .refuse, .expire, .finish, .unlabel, .wait:
            break
        }
    }

    /// Whether its phase says more than that a step runs.
    private var isHeldUp: Bool { phase == .failed || phase == .waiting }

    private static let awaitingPrevious = "waiting until the previous namespace is gone"

    /// What holds the end of its namespace up, in the engine's words.
    mutating func held(by what: String) { message = "\(wanted == .running ? Self.awaitingPrevious : "destroying"); \(what)" }

    /// A person has to look at the commit first.
    mutating func held() {
        phase = .waiting
        message = approvalText
        (failure, settlesAt) = (nil, nil)
    }

    mutating func fetched(_ commit: CommitID, base: CommitID?, image: String?) {
        fetched = Fetched(revision: revision, commit: commit, base: base, image: image)
        undecided = nil
        failure = nil
        settlesAt = nil
    }

    /// Its image is there.
    mutating func built(at now: Date) {
        fetched?.builtAt = now
        failure = nil
    }

    mutating func applied(_ plan: Plan, at now: Date) {
        deployed = Deployed(
            revision: revision, commit: plan.commit, base: fetched?.base, planDigest: plan.digest,
            endpoints: plan.endpoints.isEmpty ? nil : plan.endpoints,
            at: now)
        failure = nil
        if isHeldUp { phase = .deploying }
        url = plan.url
        message = "waiting for \(plan.commit.short) to get ready"
    }

    /// The end of a stack's first deploy is where its stack file may set how long it lives.
    mutating func honour(timeToLive: Int?, policy: LifetimePolicy) {
        let untouched = lease.expiresAt == lease.startedAt.addingTimeInterval(TimeInterval(min(policy.standard, policy.maximum)))
        guard let timeToLive, deployed == nil, untouched else { return }
        lease = Lease(from: lease.startedAt, seconds: timeToLive, policy: policy)
    }

    mutating func saw(_ readiness: Readiness, at now: Date) {
        switch readiness {
        case .ready:
            deployed?.readyAt = now
            recovered()
        case .progressing(let what):
            // A container that crashes again and again makes progress again and again: it stays failed until it is ready.
            guard phase != .failed else { return }
            phase = .deploying
            message = what
        case .waitingForImage(let what):
            // One that was waited for too long has failed until it is ready.
            guard phase != .failed else { return }
            phase = .waiting
            message = what
        case .failing(let diagnosis):
            phase = .failed
            message = diagnosis
        }
    }

    /// Nothing is wrong any more.
    mutating func recovered() {
        failure = nil
        guard wanted == .running, let deployed, deployed.revision == revision, deployed.readyAt != nil else { return }
        phase = .ready
        message = "\(deployed.commit.short) is running"
    }

    /// Tries of a step after which a stack that does not run yet has failed, for whoever waits for it. It is tried on all the same, and may
    /// yet succeed.
    static let patience = 4

    /// Seconds after its deploy for which a stack waits for an image, before it has failed.
    static let imageTimeout: TimeInterval = 1_800
    /// The same in tries of a step, which are ``Backoff/imageInterval`` apart.
    static let imagePatience = Int(imageTimeout) / Backoff.imageInterval

    /// Records that a step failed and returns what to tell the history.
    mutating func failed(_ step: Step, _ error: StepError, at now: Date) -> String {
        // Tries for an image that is not there yet are none for what went wrong now.
        let isOther = waitReason == .image && !error.awaitsImage
        // With copies, the steps on two engines may fail in turns.
        let attempts = (failure.flatMap { !isOther && ($0.step == step.name || !copies.isEmpty) ? $0.attempts : nil } ?? 0) + 1
        if case .retire = step, let copy = copies.first { copies = copies.dropFirst() + [copy] }  // another's turn
        let isFinal = !error.isRetryable && step.isOfRevision && wanted == .running
        let waits = error.awaitsImage && wanted == .running && attempts < Self.imagePatience
        let retryAt = isFinal ? nil : Backoff.instant(after: attempts, from: now, most: waits ? Backoff.imageInterval : Backoff.longest)
        failure = Failure(step: step.name, message: error.message, attempts: attempts, retryAt: retryAt)
        let running = placements.first { $0.deployed?.readyAt != nil }.flatMap { placement in
            placement.deployed.map { "; \($0.commit.short) keeps running\(placement.runtime == runtime ? "" : " on \(placement.runtime)")" }
        }
        // Of what is gone is said why, and not what is left to do on its forge.
        if phase != .destroyed { message = error.message + (wanted == .running ? running ?? "" : "") }
        let isHopeless = wanted == .running && running == nil && attempts >= Self.patience
        if waits, phase != .failed {
            phase = .waiting
        } else if isFinal || isHopeless {
            phase = .failed
        } else if isOther, wanted == .running {
            phase = .deploying
        }
        return retryAt.map { "\(step.name) failed, next try at \($0.rfc3339): \(error.message)" } ?? "\(step.name) failed: \(error.message)"
    }

    /// - Parameter label: what is to be taken off its pull request; nil for nothing.
    mutating func expired(removing label: String?) {
        end(.expired, message: "its lease ended at \(lease.expiresAt?.rfc3339 ?? StackMetadata.never)")
        expiredLabel = label
    }

    /// Its pull request has the label no more.
    mutating func unlabeled(_ label: String) {
        pullRequest.labels.removeAll { $0 == label }
        exclusion = .missing(label)
        (expiredLabel, failure) = (nil, nil)
        message = "its lease ended, and the label `\(label)` was taken off: adding it again launches it anew"
    }

    /// The namespace with this UID is ours. What was known of another says nothing of it.
    mutating func adopted(uid: String) {
        if namespaceUID != uid { deployed = nil }
        namespaceUID = uid
    }

    /// From here on the engine changes: what runs may be old, new, or both.
    mutating func changing(uid: String) {
        adopted(uid: uid)
        deployed?.readyAt = nil
    }

    /// The namespace is no more. What is wanted decides what comes next.
    mutating func gone() {
        namespaceUID = nil
        deployed = nil
        failure = nil
    }

    /// It went without anybody asking for that; what comes next was not asked for either.
    mutating func lost() {
        gone()
        requestedAt = nil
    }

    static let nothingLeft = "nothing of it is left"

    mutating func finished(_ reason: DestroyReason, note: String?) {
        gone()
        phase = .destroyed
        message = note ?? exclusion?.text ?? Self.nothingLeft
    }
}
