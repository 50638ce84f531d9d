import Foundation
import StagingModel

/// The status beside a commit: one line for each phase, with the link. Pure.
enum StatusText {
    /// Nil where there is no commit to put it on, or no address that it could lead to.
    static func report(of stack: Stack, told: StatusReport?) -> StatusReport? {
        guard let commit = stack.reportedCommit else { return nil }
        guard let url = [stack.url, stack.pullRequest.url].first(where: { Markdown.isWebAddress($0) }) else { return nil }
        let status = CommitStatus(
            state: state(of: stack, told: told?.commit == commit ? told?.status.state : nil),
            context: "slingshot/\(stack.name.repository)", url: url, description: description(of: stack), branch: stack.pullRequest.branch)
        return StatusReport(commit: commit, status: status)
    }

    /// A commit that was not seen ready must not pass for one that was, just because its stack is gone: the status may guard a merge. One that
    /// was, and went before its forge was told, was ready all the same.
    private static func state(of stack: Stack, told: CommitStatus.State?) -> CommitStatus.State {
        switch stack.phase {
        case .queued, .waiting: .pending
        case .building, .deploying: .running
        case .ready, .sleeping: .succeeded
        case .failed: .failed
        case .destroying, .destroyed: told == .succeeded || stack.endedReady == true ? .succeeded : .cancelled
        }
    }

    static func description(of stack: Stack) -> String {
        switch stack.phase {
        case .queued: "On its way"
        case .waiting: "Waiting: \(Markdown.words(stack.message))"
        case .building: "Building its image"
        case .deploying: "Being deployed"
        case .ready: "Ready" + (stack.lease.expiresAt.map { " until \($0.words)" } ?? "")
        case .sleeping: "Asleep"
        case .failed: "Failed: \(Markdown.words(Diagnosis(stack.message).problem))"
        case .destroying: "Being destroyed" + (stack.destroyReason.map { " \($0.words)" } ?? "")
        case .destroyed: "Destroyed" + (stack.destroyReason.map { " \($0.words)" } ?? "")
        }
    }

    /// For a commit that was on its way when another took its place: its status would say so for ever.
    static func superseded(_ old: StatusReport, by new: StatusReport) -> StatusReport? {
        guard old.commit != new.commit, old.status.state == .pending || old.status.state == .running else { return nil }
        var report = old
        report.status.state = .cancelled
        report.status.description = "Superseded by \(new.commit.short)"
        return report
    }
}
