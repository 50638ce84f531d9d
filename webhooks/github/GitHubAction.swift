import StagingModel

extension ForgeAction {
    /// What an action of a `pull_request` event means. These are all that GitHub documents; it adds new ones.
    init(gitHub action: String) {
        self =
            switch action {
            case "opened": .change(.opened)
            case "reopened": .change(.reopened)
            case "synchronize": .change(.pushed)
            case "edited": .change(.edited)
            case "labeled": .change(.labeled)
            case "unlabeled": .change(.unlabeled)
            case "converted_to_draft": .change(.draft)
            case "ready_for_review": .change(.readyForReview)
            // Merged or not is in the payload.
            case "closed": .change(.closed)
            case "assigned", "unassigned": .ignored(reason: "because assignees don't change a stack")
            case "auto_merge_enabled", "auto_merge_disabled": .ignored(reason: "because auto-merge doesn't change a stack")
            case "enqueued", "dequeued": .ignored(reason: "because the merge queue doesn't change a stack")
            case "milestoned", "demilestoned": .ignored(reason: "because milestones don't change a stack")
            case "locked", "unlocked": .ignored(reason: "because locking the conversation doesn't change a stack")
            case "review_requested", "review_request_removed": .ignored(reason: "because review requests don't change a stack")
            default: .unknown(action)
            }
    }
}
