import Foundation
import Orchestration
import StagingModel

// What Bitbucket Cloud and Data Center say alike.

extension ForgePullRequest.State {
    /// Everything but these two is an end: `DECLINED`, and Cloud's `SUPERSEDED`.
    init(bitbucket word: String) {
        self =
            switch word {
            case "MERGED": .merged
            case "OPEN": .open
            default: .closed
            }
    }
}

extension CommitStatus {
    /// A build status. No two contexts have the same key: one that is longer than `longestKey` has its digest.
    func bitbucketBody(longestKey: Int, cancelled: String) -> JSONValue {
        let word =
            switch state {
            case .pending, .running: "INPROGRESS"
            case .succeeded: "SUCCESSFUL"
            case .failed: "FAILED"
            case .cancelled: cancelled
            }
        return [
            "key": .string(context.count <= longestKey ? context : context.digest), "state": .string(word), "url": .string(url),
            "name": .string(context.cut(to: 255)), "description": .string(description.cut(to: 255)),
        ]
    }
}

/// A forge that shows HTML's comments: the mark is a link's definition instead, that nothing refers to.
protocol MarkingByLink: CommentKeeping {}

extension MarkingByLink {
    func hidden(_ marker: String) -> String { "[//]: # (\(marker))" }
}
