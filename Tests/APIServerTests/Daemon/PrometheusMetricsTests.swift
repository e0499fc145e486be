import CoreMetrics
import Testing
import TidemillDaemon

@Suite struct PrometheusMetricsTests {
    @Test func `counters, gauges and histograms are written in order of name, with their labels`() {
        let metrics = PrometheusMetrics()
        let hits = Counter(label: "b.hits", dimensions: [("path", "a\"b")], factory: metrics)
        hits.increment(by: 2)
        Counter(label: "b.hits", dimensions: [("path", "a\"b")], factory: metrics).increment()
        Meter(label: "a_level", dimensions: [], factory: metrics).set(1.5)
        Timer(label: "c_seconds", dimensions: [], factory: metrics).recordNanoseconds(2_000_000)
        let text = metrics.render()
        #expect(text.hasPrefix("# TYPE a_level gauge\na_level 1.5\n# TYPE b_hits counter\nb_hits{path=\"a\\\"b\"} 3\n"))
        #expect(text.contains("c_seconds_bucket{le=\"0.001\"} 0\nc_seconds_bucket{le=\"0.0025\"} 1\n"))
        #expect(text.contains("c_seconds_bucket{le=\"+Inf\"} 1\nc_seconds_sum 0.002\nc_seconds_count 1\n"))
    }

    @Test func `series beyond the bound are counted and not kept`() {
        let metrics = PrometheusMetrics(maximumSeries: 1)
        Counter(label: "kept", dimensions: [], factory: metrics).increment()
        Counter(label: "dropped", dimensions: [], factory: metrics).increment()
        let text = metrics.render()
        #expect(text.contains("kept 1\n"))
        #expect(!text.contains("dropped 1\n"))
        #expect(text.contains("tidemill_metrics_dropped_series_total 1\n"))
    }
}
