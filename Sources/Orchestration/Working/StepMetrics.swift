import CoreMetrics
import Foundation
import StagingModel

/// What is counted of the orchestrator's work. Every label is one of a few words of ours, or a runtime's configured name.
struct StepMetrics: Sendable {
    enum Outcome: String { case done, failed, superseded, cancelled }

    let factory: any MetricsFactory

    /// A step that took from `start` to `end`.
    func ended(_ step: Step, _ outcome: Outcome, from start: Date, to end: Date) {
        Timer(
            label: "slingshot_step_duration_seconds", dimensions: [("step", step.name), ("outcome", outcome.rawValue)], factory: factory
        ).recordNanoseconds(Int64(max(end.timeIntervalSince(start), 0) * 1e9))
    }

    /// An engine did not do what it was asked for.
    func failed(runtime: String) {
        Counter(label: "slingshot_engine_errors_total", dimensions: [("runtime", runtime)], factory: factory).increment()
    }
}
