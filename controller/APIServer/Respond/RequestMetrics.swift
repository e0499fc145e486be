import CoreMetrics

/// Counts and times requests, by the class of their answer. Made once, so that a request costs no look-up.
struct RequestMetrics: Sendable {
    private let counters: [Counter]
    private let duration: Timer

    /// Without a factory of its own, goes where swift-metrics sends everything.
    init(factory: (any MetricsFactory)? = nil) {
        let factory = factory ?? MetricsSystem.factory
        counters = (2...5).map {
            Counter(label: "tidemill_api_requests_total", dimensions: [("code", "\($0)xx")], factory: factory)
        }
        duration = Timer(
            label: "tidemill_api_request_seconds", dimensions: [], preferredDisplayUnit: .seconds, factory: factory)
    }

    /// `seconds` from the request's head to its answer's: a watch is not counted for as long as it lasts.
    func record(code: Int, nanoseconds: Int64) {
        counters[min(max(code / 100, 2), 5) - 2].increment()
        duration.recordNanoseconds(nanoseconds)
    }
}
