import CoreMetrics
import Synchronization

/// One time series: a metric with one set of label values. Updated from any thread without a lock.
class MetricSeries: @unchecked Sendable {
    // Sendable holds because subclasses store only atomics and immutable values.
    func render(name: String, labels: String, into text: inout String) {}
}

/// A count that only grows.
final class CounterSeries: MetricSeries, CounterHandler, @unchecked Sendable {
    private let count = Atomic<Int64>(0)

    func increment(by amount: Int64) {
        count.add(max(0, amount), ordering: .relaxed)
    }

    func reset() {
        count.store(0, ordering: .relaxed)
    }

    override func render(name: String, labels: String, into text: inout String) {
        text += "\(name)\(braced(labels)) \(count.load(ordering: .relaxed))\n"
    }
}

/// A value that goes up and down.
final class GaugeSeries: MetricSeries, MeterHandler, RecorderHandler, @unchecked Sendable {
    private let bits = Atomic<UInt64>(0)

    func set(_ value: Int64) { set(Double(value)) }
    func set(_ value: Double) { bits.store(value.bitPattern, ordering: .relaxed) }
    func record(_ value: Int64) { set(Double(value)) }
    func record(_ value: Double) { set(value) }
    func increment(by amount: Double) { add(amount, to: bits) }
    func decrement(by amount: Double) { add(-amount, to: bits) }

    override func render(name: String, labels: String, into text: inout String) {
        text += "\(name)\(braced(labels)) \(numberText(Double(bitPattern: bits.load(ordering: .relaxed))))\n"
    }
}

/// A distribution over fixed buckets. Timers record seconds.
final class HistogramSeries: MetricSeries, TimerHandler, RecorderHandler, @unchecked Sendable {
    /// Upper bounds of the buckets, ascending; twelve of them and one for the rest.
    static let bounds: [Double] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 30]

    private let sum = Atomic<UInt64>(0)
    private let buckets: [BucketCount] = (0...bounds.count).map { _ in BucketCount() }

    private final class BucketCount: Sendable {
        let count = Atomic<Int64>(0)
    }

    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }
    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        let index = Self.bounds.firstIndex { value <= $0 } ?? Self.bounds.count
        buckets[index].count.add(1, ordering: .relaxed)
        add(value, to: sum)
    }

    override func render(name: String, labels: String, into text: inout String) {
        var total: Int64 = 0
        for (index, bucket) in buckets.enumerated() {
            total += bucket.count.load(ordering: .relaxed)
            let bound = index < Self.bounds.count ? numberText(Self.bounds[index]) : "+Inf"
            let all = labels.isEmpty ? "le=\"\(bound)\"" : labels + ",le=\"\(bound)\""
            text += "\(name)_bucket{\(all)} \(total)\n"
        }
        text += "\(name)_sum\(braced(labels)) \(numberText(Double(bitPattern: sum.load(ordering: .relaxed))))\n"
        text += "\(name)_count\(braced(labels)) \(total)\n"
    }
}

private func add(_ amount: Double, to bits: borrowing Atomic<UInt64>) {
    var old = bits.load(ordering: .relaxed)
    while true {
        let new = (Double(bitPattern: old) + amount).bitPattern
        let result = bits.weakCompareExchange(expected: old, desired: new, ordering: .relaxed)
        if result.exchanged { return }
        old = result.original
    }
}

private func braced(_ labels: String) -> String { labels.isEmpty ? "" : "{\(labels)}" }

private func numberText(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
    return value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : "\(value)"
}
