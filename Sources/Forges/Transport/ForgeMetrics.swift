import CoreMetrics
import NIOHTTP1
import StagingModel

/// What is counted. Labels are words of ours and configured names.
struct ForgeMetrics: Sendable {
    enum Outcome: String { case done, unchanged, limited, refused, failed }

    var factory: any MetricsFactory
    var forge: Forge
    var repository: String

    func answered(_ outcome: Outcome, headers: HTTPHeaders = [:]) {
        Counter(
            label: "slingshot_forge_requests_total", dimensions: [("forge", forge.rawValue), ("outcome", outcome.rawValue)],
            factory: factory
        ).increment()
        guard let remaining = RateLimit.remaining(headers) else { return }
        Meter(
            label: "slingshot_forge_requests_remaining", dimensions: [("forge", forge.rawValue), ("repository", repository)],
            factory: factory
        ).set(remaining)
    }
}
