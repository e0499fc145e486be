import CoreMetrics
import Synchronization

/// Keeps the metrics of one process and writes them in Prometheus' text format (version 0.0.4).
///
/// Bounded: series beyond `maximumSeries` are dropped and counted in `tidemill_metrics_dropped_series_total`.
package final class PrometheusMetrics: MetricsFactory {
    private enum Kind: String {
        case counter, gauge, histogram
    }

    private struct Family {
        var kind: Kind
        /// By label text.
        var series: [String: MetricSeries] = [:]
    }

    private struct State {
        var families: [String: Family] = [:]
        var count = 0
        var dropped: Int64 = 0
    }

    // A lock, not an actor: swift-metrics makes series from synchronous code. Held for look-ups only.
    private let state = Mutex(State())
    private let maximumSeries: Int

    package init(maximumSeries: Int = 4096) {
        self.maximumSeries = maximumSeries
    }

    private func series<S: MetricSeries>(
        _ kind: Kind, _ label: String, _ dimensions: [(String, String)], make: () -> S
    ) -> S {
        let name = metricName(label)
        let labels = labelText(dimensions)
        return state.withLock { state in
            let family = state.families[name] ?? Family(kind: kind)
            if let known = family.series[labels] as? S { return known }
            let new = make()
            guard family.kind == kind, family.series[labels] == nil, state.count < maximumSeries else {
                state.dropped += 1
                return new
            }
            state.families[name, default: family].series[labels] = new
            state.count += 1
            return new
        }
    }

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        series(.counter, label, dimensions) { CounterSeries() }
    }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        series(.gauge, label, dimensions) { GaugeSeries() }
    }

    package func makeRecorder(
        label: String, dimensions: [(String, String)], aggregate: Bool
    ) -> any RecorderHandler {
        if aggregate { return series(.histogram, label, dimensions) { HistogramSeries() } }
        return series(.gauge, label, dimensions) { GaugeSeries() }
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        series(.histogram, label, dimensions) { HistogramSeries() }
    }

    package func destroyCounter(_ handler: any CounterHandler) { remove(handler) }
    package func destroyMeter(_ handler: any MeterHandler) { remove(handler) }
    package func destroyRecorder(_ handler: any RecorderHandler) { remove(handler) }
    package func destroyTimer(_ handler: any TimerHandler) { remove(handler) }

    private func remove(_ handler: AnyObject) {
        state.withLock { state in
            for (name, family) in state.families {
                guard let entry = family.series.first(where: { $0.value === handler }) else { continue }
                state.families[name]?.series[entry.key] = nil
                state.count -= 1
                return
            }
        }
    }

    /// All series, families and labels in order of name.
    package func render() -> String {
        let (families, dropped) = state.withLock { ($0.families, $0.dropped) }
        var text = ""
        for (name, family) in families.sorted(by: { $0.key < $1.key }) {
            text += "# TYPE \(name) \(family.kind.rawValue)\n"
            for (labels, series) in family.series.sorted(by: { $0.key < $1.key }) {
                series.render(name: name, labels: labels, into: &text)
            }
        }
        text += "# TYPE tidemill_metrics_dropped_series_total counter\n"
        text += "tidemill_metrics_dropped_series_total \(dropped)\n"
        return text
    }
}

/// `label` with every character that Prometheus refuses in a name made `_`.
private func metricName(_ label: String) -> String {
    var name = ""
    for scalar in label.unicodeScalars {
        let isLetter = ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || scalar == "_" || scalar == ":"
        let isDigit = ("0"..."9").contains(scalar) && !name.isEmpty
        name.unicodeScalars.append(isLetter || isDigit ? scalar : "_")
    }
    return name
}

private func labelText(_ dimensions: [(String, String)]) -> String {
    dimensions.sorted { $0.0 < $1.0 }.map { key, value in
        var escaped = ""
        for character in value {
            switch character {
            case "\\": escaped += "\\\\"
            case "\"": escaped += "\\\""
            case "\n": escaped += "\\n"
            default: escaped.append(character)
            }
        }
        return "\(metricName(key))=\"\(escaped)\""
    }.joined(separator: ",")
}
