import CoreMetrics
import Telemetry
import Testing

@Suite struct MetricsRegistryTests {
    private let registry = MetricsRegistry(help: ["jobs_total": "Jobs, by outcome."])

    private var text: String { Exposition.text(registry.collect()) }

    @Test func `counters, gauges and histograms are told as Prometheus reads them`() {
        Counter(label: "jobs_total", dimensions: [("outcome", "done")], factory: registry).increment(by: 2)
        Counter(label: "jobs_total", dimensions: [("outcome", "done")], factory: registry).increment()
        Gauge(label: "queue", factory: registry).record(1.5)
        let timer = Timer(label: "seconds", dimensions: [("step", "fetch")], factory: registry)
        for milliseconds in [1, 30, 900_000] { timer.recordMilliseconds(milliseconds) }
        #expect(text.hasPrefix("# HELP jobs_total Jobs, by outcome.\n# TYPE jobs_total counter\njobs_total{outcome=\"done\"} 3\n"))
        #expect(text.contains("# TYPE queue gauge\nqueue 1.5\n"))
        #expect(text.contains("seconds_bucket{step=\"fetch\",le=\"0.001\"} 1\n"))
        #expect(text.contains("seconds_bucket{step=\"fetch\",le=\"0.1\"} 2\n"))
        #expect(text.contains("seconds_bucket{step=\"fetch\",le=\"600\"} 2\n"))
        #expect(text.contains("seconds_bucket{step=\"fetch\",le=\"+Inf\"} 3\n"))
        #expect(text.contains("seconds_sum{step=\"fetch\"} 900.031\nseconds_count{step=\"fetch\"} 3\n"))
    }

    @Test func `labels can't break out of their quotes`() {
        Counter(label: "c", dimensions: [("l", "a\"} 1\n\\")], factory: registry).increment()
        #expect(text == "# TYPE c counter\nc{l=\"a\\\"} 1\\n\\\\\"} 1\n")
    }

    @Test func `there is an end to the series of a family`() {
        for number in 0..<2 * MetricsRegistry.mostSeries {
            Counter(label: "c", dimensions: [("n", "\(number)")], factory: registry).increment()
        }
        #expect(registry.collect().first?.samples.count == MetricsRegistry.mostSeries)
    }

    @Test func `the same name as another kind is not mixed in`() {
        Counter(label: "c", factory: registry).increment()
        Gauge(label: "c", factory: registry).record(7)
        #expect(text == "# TYPE c counter\nc 1\n")
    }
}
