import Foundation
import Orchestration
import StagingModel
import Synchronization

/// What became of one stack in a sweep; or, without a stack, of a cluster that could not be swept.
struct ReapLine: Codable, Hashable, Sendable {
    enum Outcome: String, Codable, Sendable {
        case destroyed, failed, kept
        case wouldDestroy = "would-destroy"
    }

    var stack: String
    var runtime: String
    var namespace: String
    var outcome: Outcome
    var expiresAt: Date?
    var reason: String
    /// How many objects of each kind were destroyed, and in how many seconds.
    var removed: [String: Int]?
    var seconds: Double?

    init(_ verdict: ReapVerdict, runtime: String, _ outcome: Outcome, reason: String? = nil, receipt: TeardownReceipt? = nil) {
        stack = verdict.stack.name.description
        self.runtime = runtime
        namespace = verdict.stack.namespace
        self.outcome = outcome
        expiresAt = verdict.stack.lease?.expiresAt
        self.reason = reason ?? verdict.reason
        removed = receipt?.removed
        seconds = receipt.map { ($0.goneAt.timeIntervalSince($0.startedAt) * 10).rounded() / 10 }
    }

    init(runtime: String, reason: String) {
        stack = "-"
        self.runtime = runtime
        namespace = "-"
        outcome = .failed
        self.reason = "runtime \"\(runtime)\": \(reason)"
    }

    static func table(_ lines: [ReapLine]) -> String {
        guard !lines.isEmpty else { return "no stacks\n" }
        var table = TextTable(["NAME", "OUTCOME", "EXPIRES", "NAMESPACE", "WHY"])
        for line in lines {
            let took = line.seconds.map { "; gone after \($0) s" } ?? ""
            table.add([line.stack, line.outcome.rawValue, line.expiresAt?.rfc3339 ?? "-", line.namespace, line.reason + took])
        }
        return table.text
    }

    /// The lines that `body` reports, from however many tasks, in a stable order.
    static func collect(_ body: (_ report: @escaping @Sendable (ReapLine) -> Void) async throws -> Void) async throws -> [ReapLine] {
        let lines = Lines()
        try await body { line in lines.all.withLock { $0.append(line) } }
        return lines.all.withLock { $0 }.sorted {
            ($0.expiresAt ?? .distantFuture, $0.runtime, $0.stack) < ($1.expiresAt ?? .distantFuture, $1.runtime, $1.stack)
        }
    }

    private final class Lines: Sendable {
        let all = Mutex<[ReapLine]>([])
    }
}
