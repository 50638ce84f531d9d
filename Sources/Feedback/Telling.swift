import Foundation
import Orchestration
import StagingModel

/// One stack's turn: each part of its report that the forge does not know is tried once, whatever became of the others.
struct Telling {
    let stack: Stack
    let client: any ForgeClient
    let now: Date
    private(set) var told: ToldFeedback
    private(set) var outcomes: [(part: FeedbackPart, outcome: FeedbackMetrics.Outcome)] = []
    /// What was not refused before.
    private(set) var refusals: [String] = []
    /// What did not go well and is tried again: of many tries in a row the first, second, fourth, eighth …
    private(set) var failures: [String] = []
    /// Until when the forge takes nothing from anybody here.
    private(set) var limitedUntil: Date?

    /// What was said of it already.
    private var refused: Set<String>

    /// Seconds until what was refused is tried again; doubled with each refusal, an hour at the most. Only a person can mend it, who may do so
    /// without telling us.
    private static let refusalPause: TimeInterval = 600

    init(_ stack: Stack, told: ToldFeedback, client: any ForgeClient, now: Date) {
        self.stack = stack
        self.told = told
        self.client = client
        self.now = now
        refused = Set([told.comment.refusal, told.status.refusal, told.deployment.refusal].compactMap(\.self))
    }

    /// Throws `CancellationError` only; then nothing of `told` counts, because every call can be repeated.
    mutating func run() async throws {
        let report = Report(stack, told: told, deployments: client.capabilities.contains(.deployments))
        try await tell(.comment, report.comment, \.comment) { [self] comment, told in
            told.id = try await client.keepComment(
                StackComment(stack: stack.name, text: comment, id: told.id), on: stack.name.number
            ).id
        }
        try await tell(.status, report.status, \.status) { [self] status, told in
            if let old = told.value, let last = StatusText.superseded(old, by: status) {
                try await client.setStatus(last.status, of: last.commit)
            }
            try await client.setStatus(status.status, of: status.commit)
        }
        try await tell(.deployment, report.deployment, \.deployment) { [self] deployment, _ in try await tell(deployment) }
    }

    private func tell(_ report: DeploymentReport) async throws {
        switch report {
        case .deployed(let deployment, let state, let description):
            let id = try await client.startDeployment(deployment)
            try await client.setDeployment(id, state, of: deployment, description: description)
            if state == .succeeded { try await client.endDeployments(in: deployment.environment, except: id) }
        case .ended(let environment):
            try await client.endDeployments(in: environment, except: nil)
        }
    }

    private mutating func tell<Value>(
        _ part: FeedbackPart, _ wanted: Value?, _ path: WritableKeyPath<ToldFeedback, Told<Value>>,
        _ body: (Value, inout Told<Value>) async throws -> Void
    ) async throws {
        var before = told[keyPath: path]
        guard let wanted, wanted != before.value, limitedUntil == nil, before.notBefore.map({ $0 <= now }) ?? true else { return }
        do {
            try await body(wanted, &before)
            before.value = wanted
            (before.failures, before.notBefore, before.refusal) = (0, nil, nil)
            outcomes.append((part, .told))
        } catch let error as CancellationError {
            throw error
        } catch {
            outcomes.append((part, failed(error as? ForgeError ?? ForgeError(.unavailable, "\(error)"), &before)))
        }
        told[keyPath: path] = before
    }

    private mutating func failed<Value>(_ error: ForgeError, _ told: inout Told<Value>) -> FeedbackMetrics.Outcome {
        if error.kind == .rateLimited {
            let end = error.retryAt ?? now.addingTimeInterval(60)
            limitedUntil = end
            told.notBefore = end
            return .limited
        }
        told.failures += 1
        guard !error.isRetryable else {
            told.notBefore = max(Backoff.instant(after: told.failures, from: now), error.retryAt ?? now)
            if told.failures & (told.failures - 1) == 0 { failures.append(error.message) }
            return .failed
        }
        told.notBefore = now.addingTimeInterval(min(Self.refusalPause * Double(1 << min(told.failures - 1, 5)), 3_600))
        told.refusal = error.message
        // Credentials that are refused are so for all parts.
        if !refused.contains(error.message) { refusals.append(error.message) }
        refused.insert(error.message)
        return .refused
    }
}
