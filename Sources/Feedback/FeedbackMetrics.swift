import CoreMetrics
import Foundation

/// What is counted of telling forges. Every label is one of a few words of ours.
struct FeedbackMetrics: Sendable {
    enum Outcome: String { case told, limited, failed, refused }

    let factory: any MetricsFactory

    func ended(_ part: FeedbackPart, _ outcome: Outcome) {
        Counter(
            label: "slingshot_feedback_total", dimensions: [("part", part.rawValue), ("outcome", outcome.rawValue)], factory: factory
        ).increment()
    }

    /// A forge knows of a change that was made at `start`.
    func caughtUp(from start: Date, to end: Date) {
        Timer(label: "slingshot_feedback_lateness_seconds", dimensions: [], factory: factory)
            .recordNanoseconds(Int64(max(end.timeIntervalSince(start), 0) * 1e9))
    }
}
