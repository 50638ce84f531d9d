import CoreMetrics
import Synchronization

/// One series that a scrape can read.
protocol Instrument: AnyObject, Sendable {
    func samples(labels: [MetricFamily.Label]) -> [MetricFamily.Sample]
}

/// A number that only grows.
final class Tally: Instrument, CounterHandler {
    private let value = Atomic<Int64>(0)

    func increment(by amount: Int64) { value.add(amount, ordering: .relaxed) }
    func reset() { value.store(0, ordering: .relaxed) }

    func samples(labels: [MetricFamily.Label]) -> [MetricFamily.Sample] {
        [.init(Double(value.load(ordering: .relaxed)), labels: labels)]
    }
}

/// A number that goes up and down.
final class Level: Instrument, MeterHandler, RecorderHandler {
    private let value = Mutex(0.0)

    func set(_ new: Int64) { set(Double(new)) }
    func set(_ new: Double) { value.withLock { $0 = new } }
    func increment(by amount: Double) { value.withLock { $0 += amount } }
    func decrement(by amount: Double) { value.withLock { $0 -= amount } }
    func record(_ new: Int64) { set(new) }
    func record(_ new: Double) { set(new) }

    func samples(labels: [MetricFamily.Label]) -> [MetricFamily.Sample] { [.init(value.withLock { $0 }, labels: labels)] }
}

/// How values are spread: for durations in seconds, from a millisecond to ten minutes.
final class Histogram: Instrument, TimerHandler, RecorderHandler {
    /// Upper bounds, each included.
    static let bounds = [0.001, 0.005, 0.025, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 600]

    private struct State {
        var counts = [Int](repeating: 0, count: Histogram.bounds.count + 1)
        var sum = 0.0
    }

    private let state = Mutex(State())

    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }
    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        let index = Self.bounds.firstIndex { value <= $0 } ?? Self.bounds.count
        state.withLock {
            $0.counts[index] += 1
            $0.sum += value
        }
    }

    func samples(labels: [MetricFamily.Label]) -> [MetricFamily.Sample] {
        let state = state.withLock { $0 }
        var total = 0
        var samples: [MetricFamily.Sample] = []
        for (index, count) in state.counts.enumerated() {
            total += count
            let bound = index < Self.bounds.count ? Exposition.number(Self.bounds[index]) : "+Inf"
            samples.append(.init(Double(total), labels: labels + [.init("le", bound)], suffix: "_bucket"))
        }
        return samples + [.init(state.sum, labels: labels, suffix: "_sum"), .init(Double(total), labels: labels, suffix: "_count")]
    }
}
