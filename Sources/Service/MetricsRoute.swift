import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Orchestration
import StagingModel
import Telemetry

/// `GET /metrics`: what was counted, and how things stand at this moment, for Prometheus.
struct MetricsRoute {
    let store: any StackStore
    let health: EngineHealth
    let clock: any WallClock
    let registry: MetricsRegistry

    func add(to router: some RouterMethods<CallContext>) {
        router.get("metrics") { _, _ in
            let now = clock.now
            let statistics = try await store.read { try $0.statistics(at: now) }
            let text = Exposition.text(registry.collect() + families(statistics, at: now) + ProcessFigures.families())
            return Response(
                status: .ok, headers: [.contentType: Exposition.mediaType], body: .init(byteBuffer: ByteBuffer(string: text)))
        }
    }

    private func families(_ statistics: StackStatistics, at now: Date) -> [MetricFamily] {
        let sweeps = health.sweeps.sorted { $0.key < $1.key }
        return [
            MetricFamily(
                "slingshot_stacks", .gauge, help: "Stacks on record, by phase.",
                samples: Phase.allCases.map { .init(Double(statistics.phases[$0] ?? 0), labels: [.init("phase", $0.rawValue)]) }),
            MetricFamily(
                "slingshot_queue", .gauge, help: "Stacks that have something to do now.", samples: [.init(Double(statistics.due))]),
            MetricFamily(
                "slingshot_lease_next_expiry_timestamp_seconds", .gauge, help: "When the next lease ends; none when nothing is to expire.",
                samples: statistics.nextExpiry.map { [.init($0.timeIntervalSince1970)] } ?? []),
            MetricFamily(
                "slingshot_leases_overdue", .gauge, help: "Stacks whose lease has ended and that are not destroyed yet.",
                samples: [.init(Double(statistics.overdue))]),
            MetricFamily(
                "slingshot_feedback_pending", .gauge, help: "Stacks of which their forge does not know the newest.",
                samples: [.init(Double(statistics.untold))]),
            MetricFamily(
                "slingshot_feedback_pending_since_timestamp_seconds", .gauge,
                help: "Since when the first of them waits; none when forges know all.",
                samples: statistics.untoldSince.map { [.init($0.timeIntervalSince1970)] } ?? []),
            MetricFamily(
                "slingshot_orchestrator_running", .gauge, help: "1 while the orchestrator runs.", samples: [.init(health.isRunning ? 1 : 0)]
            ),
            MetricFamily(
                "slingshot_sweep_timestamp_seconds", .gauge, help: "When an engine was last asked for all its stacks.",
                samples: sweeps.map { .init($0.value.at.timeIntervalSince1970, labels: [.init("runtime", $0.key)]) }),
            MetricFamily(
                "slingshot_sweep_success", .gauge, help: "1 when the engine answered that last time.",
                samples: sweeps.map { .init($0.value.isReachable ? 1 : 0, labels: [.init("runtime", $0.key)]) }),
        ]
    }
}

/// What every metric of ``MetricsRegistry`` means.
public enum MetricHelp {
    public static let texts = [
        "slingshot_deliveries_total": "Deliveries by forge and what became of them.",
        "slingshot_http_requests_total": "HTTP requests by route, method and status.",
        "slingshot_step_duration_seconds": "How long the orchestrator's steps took, by step and outcome.",
        "slingshot_gateway_requests_total": "What visitors of stacks got: the stack, or a page by its code.",
        "slingshot_engine_errors_total": "What an engine did not do, by runtime.",
        "slingshot_commands_total": "Commands from comments, by what was asked for and what became of it.",
        "slingshot_feedback_total": "What forges were told of stacks, by what it was and what became of it.",
        "slingshot_feedback_lateness_seconds": "From a stack's change until its forge knew of it.",
        "slingshot_redeliveries_total": "Deliveries that a forge was asked for again, and those that are not asked for any more.",
        "slingshot_forge_requests_total": "Requests to forges' APIs by forge and outcome.",
        "slingshot_forge_requests_remaining": "Requests that a forge still takes in its current window, by its own count.",
    ]
}
