import Foundation
import StagingModel

/// The one comment of a pull request: how its stack is, where, until when, and what to do next. Pure: as long as the record says the same, so
/// does the comment, and nobody is told that it was edited.
enum CommentText {
    static func text(of stack: Stack) -> String {
        let parts = [
            heading(of: stack), address(of: stack), end(of: stack), diagnosis(of: stack), facts(of: stack), next(for: stack),
            stack.answer.map(CommandText.text(of:)),
        ]
        return parts.compactMap(\.self).joined(separator: "\n\n")
    }

    private static func heading(of stack: Stack) -> String {
        let name = stack.name
        return switch stack.phase {
        case .queued: "### ⏳ \(name) is on its way"
        case .waiting: "### ⏸ \(name) waits"
        case .building: "### ⏳ \(name): its image is being built"
        case .deploying: "### ⏳ \(name) is being deployed"
        case .ready: "### ✅ \(name) is ready"
        case .failed: "### ❌ \(name) failed"
        case .sleeping: "### ⏸ \(name) sleeps"
        case .destroying: "### ⚫ \(name) is being destroyed"
        case .destroyed: stack.fetched == nil ? "### ⚫ There is no \(name)" : "### ⚫ \(name) is gone"
        }
    }

    /// While it is wanted: the gateway shows there how far it is, too.
    private static func address(of stack: Stack) -> String? {
        guard stack.wanted == .running, let link = Markdown.link(stack.url) else { return nil }
        let further = (stack.deployed?.endpoints ?? []).compactMap { endpoint in
            Markdown.link(endpoint.url).map { "- `\(endpoint.name)`: \($0)" }
        }
        return (["**\(link)**"] + (further.isEmpty ? [] : [""] + further)).joined(separator: "\n")
    }

    private static func end(of stack: Stack) -> String? {
        guard let reason = stack.destroyReason, stack.fetched != nil || stack.phase != .destroyed else { return nil }
        let what = stack.reportedCommit.map { "`\($0.short)`" } ?? "It"
        return stack.phase == .destroyed ? "\(what) was destroyed, \(reason.words)." : "\(what) goes, \(reason.words)."
    }

    private static func facts(of stack: Stack) -> String? {
        guard stack.wanted == .running else { return nil }
        var columns: [(name: String, value: String)] = []
        if let commit = stack.reportedCommit { columns.append(("Commit", "`\(commit.short)`")) }
        if stack.phase == .ready, let took = stack.secondsToReady { columns.append(("Ready after", DurationText.rough(took))) }
        columns.append(("Lives", lifetime(of: stack.lease)))
        func row(_ cells: [String]) -> String { "| \(cells.joined(separator: " | ")) |" }
        return [row(columns.map(\.name)), row(columns.map { _ in "---" }), row(columns.map(\.value))].joined(separator: "\n")
    }

    /// Not "in 23 hours", which would be another text each hour.
    static func lifetime(of lease: Lease) -> String {
        guard let end = lease.expiresAt else { return "until its pull request is closed: it is pinned" }
        return "\(DurationText.words(Int(end.timeIntervalSince(lease.startedAt)))), until \(end.words)"
    }

    /// What is wrong or waited for. What a step says on its way is left out: it changes by the second.
    private static func diagnosis(of stack: Stack) -> String? {
        if let exclusion = stack.exclusion { return Markdown.block([exclusion.text]) }
        if stack.phase == .waiting, stack.awaitsApproval, let commit = stack.commitToApprove { return approval(of: commit) }
        guard stack.phase == .failed || stack.phase == .waiting, stack.wanted == .running else { return nil }
        let diagnosis = Diagnosis(stack.message)
        let problem = Markdown.block(diagnosis.problem.split(separator: "; ").prefix(Markdown.mostLines).map { String($0) })
        guard !diagnosis.lines.isEmpty else { return problem }
        return [problem, "Its last lines:", Markdown.block(([diagnosis.source.map { "\($0):" }].compactMap(\.self)) + diagnosis.lines)]
            .joined(separator: "\n\n")
    }

    /// In a block of its own, to be copied.
    private static func approval(of commit: CommitID) -> String {
        """
        It comes from a fork, so nothing of it is used before somebody who may push here has looked at `\(commit.short)`, and comments:

        \(Markdown.block([CommentCommand.approve(commit).text]))
        """
    }

    private static func next(for stack: Stack) -> String? {
        let again = "`\(CommentCommand.redeploy.text)`"
        let more = "`\(CommentCommand.help.text)` shows what else can be asked for here."
        return switch stack.phase {
        case .waiting where stack.waitReason == .image: "It goes on by itself when the image is there."
        case .waiting, .destroying: nil
        case .queued, .building, .deploying: "Nothing to do: this comment will say how it ends."
        case .ready where stack.lease.expiresAt == nil: "A push deploys the new commit. \(more)"
        case .ready:
            "A push deploys the new commit. `\(CommentCommand.extend(seconds: 4 * 3_600).text)` lets it live longer; closing the pull request destroys it. \(more)"
        case .sleeping: "It wakes up when somebody opens it."
        case .failed: "Push what mends it, or try again with \(again). `slingshot logs \(stack.name)` shows more of what it wrote."
        case .destroyed where stack.destroyReason == .closed: "Reopening the pull request launches it anew."
        case .destroyed where stack.exclusion?.rule == .label || stack.destroyReason == .unlabeled:
            "Adding the label again launches it anew."
        case .destroyed where stack.exclusion != nil: "It comes back when that changes; \(again) launches it all the same."
        case .destroyed: "A push launches it anew; so does \(again)."
        }
    }
}

extension Stack {
    /// The commit that the present revision stands for, as far as it is known.
    var reportedCommit: CommitID? {
        if let fetched, fetched.revision == revision { return fetched.commit }
        return pinnedCommit ?? (ref == nil ? pullRequest.head : nil)
    }

    /// Seconds from the wish for the present revision until it was ready.
    var secondsToReady: Int? {
        guard let requestedAt, let readyAt = deployed?.readyAt, deployed?.revision == revision, readyAt >= requestedAt else { return nil }
        return max(Int(readyAt.timeIntervalSince(requestedAt)), 1)
    }
}
