import CoreMetrics
import HTTPTypes
import Synchronization

/// What is counted of requests and deliveries. Every label is one of a few words of ours: nothing that a sender chooses becomes one.
final class ServiceMetrics: Sendable {
    private struct Key: Hashable {
        var label: String
        var values: [String]
    }

    private let factory: any MetricsFactory
    private let counters = Mutex<[Key: Counter]>([:])

    init(factory: any MetricsFactory) { self.factory = factory }

    func answered(route: String?, method: HTTPRequest.Method, status: HTTPResponse.Status) {
        let known: [HTTPRequest.Method] = [.get, .head, .post, .delete, .put, .patch, .options]
        count(
            "slingshot_http_requests_total",
            [
                ("route", route == "NotFound" ? "none" : route ?? "none"), ("method", known.contains(method) ? method.rawValue : "other"),
                ("status", String(status.code)),
            ])
    }

    /// `outcome` is an action, `ping`, or a rejection's code.
    func delivered(forge: String, outcome: String) {
        count("slingshot_deliveries_total", [("forge", forge), ("outcome", outcome)])
    }

    private func count(_ label: String, _ dimensions: [(String, String)]) {
        let key = Key(label: label, values: dimensions.map(\.1))
        counters.withLock { counters in
            if let counter = counters[key] { return counter }
            let counter = Counter(label: label, dimensions: dimensions, factory: factory)
            counters[key] = counter
            return counter
        }.increment()
    }
}
