public import CoreMetrics
import Synchronization

/// The backend of swift-metrics: keeps every instrument that was asked for, and shows their values to a scrape.
///
/// Names and dimensions are used as they are, so they have to be Prometheus' own: `slingshot_deliveries_total`, `outcome`.
public final class MetricsRegistry: MetricsFactory {
    /// The most series of one family. Values of labels never come from strangers; should one do so by mistake, memory stays bounded:
    /// what comes above is not counted.
    public static let mostSeries = 1_000

    private struct Family {
        var kind: MetricFamily.Kind
        var series: [[MetricFamily.Label]: any Instrument] = [:]
    }

    private let families = Mutex<[String: Family]>([:])
    private let help: [String: String]

    /// `help` says what the families mean, by name.
    public init(help: [String: String] = [:]) { self.help = help }

    /// The values now; histograms with their buckets.
    public func collect() -> [MetricFamily] {
        families.withLock { $0 }.map { name, family in
            let samples = family.series.sorted { $0.key.lexicographicallyPrecedes($1.key) }.flatMap { $0.value.samples(labels: $0.key) }
            return MetricFamily(name, family.kind, help: help[name] ?? "", samples: samples)
        }
    }

    /// The instrument of that name and those dimensions, made where it is new. One of another kind under the name, or too many series,
    /// give an instrument that nobody reads.
    private func instrument<T: Instrument>(
        _ name: String, _ dimensions: [(String, String)], _ kind: MetricFamily.Kind, _ make: () -> T
    ) -> T {
        let labels = dimensions.map { MetricFamily.Label($0.0, $0.1) }.sorted()
        return families.withLock { families in
            if let known = families[name]?.series[labels] { return known as? T ?? make() }
            let made = make()
            var family = families[name] ?? Family(kind: kind)
            guard family.kind == kind, family.series.count < Self.mostSeries else { return made }
            family.series[labels] = made
            families[name] = family
            return made
        }
    }

    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        instrument(label, dimensions, .counter) { Tally() }
    }

    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        instrument(label, dimensions, .gauge) { Level() }
    }

    public func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        if aggregate { return instrument(label, dimensions, .histogram) { Histogram() } }
        return instrument(label, dimensions, .gauge) { Level() }
    }

    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        instrument(label, dimensions, .histogram) { Histogram() }
    }

    // Instruments live as long as the process: a series that vanishes looks like a restart.
    public func destroyCounter(_: any CounterHandler) {}
    public func destroyMeter(_: any MeterHandler) {}
    public func destroyRecorder(_: any RecorderHandler) {}
    public func destroyTimer(_: any TimerHandler) {}
}
