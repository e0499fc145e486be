import TidemillRig

/// The two phases, and what they cost.
struct EndToEndRun: Sendable {
    var client: EndToEndClient
    var controller: Child
    var load: AgentLoad

    struct Flood: Sendable {
        var slices: Int
        var seconds: Double
        var cores: Double
        /// How the controller's cores divide.
        var shares: String
        var agentCores: Double
        var writes: StoreWrites

        var perSecond: Double { Double(slices) / seconds }
    }

    struct Stream: Sendable {
        /// Of each slice, in milliseconds.
        var latencies: [Double]
        var cores: Double
    }

    /// All jobs at once, until the last slice is Active.
    func flood(_ jobs: Int) async throws -> Flood {
        let slices = jobs * client.jobs.gang
        let before = try await client.metrics()
        var threads = ThreadTimes(controller.pid)
        let (ours, agents) = (try processor(controller), try processor(load.child))
        let began = Kernel.bootNanoseconds()
        try await client.submit(jobs, phase: "flood")
        try await client.active(slices, within: .seconds(120 + slices / 50))
        let seconds = Double(try await client.seen().lastActive - began) / 1e9
        return Flood(
            slices: slices, seconds: seconds, cores: (try processor(controller) - ours) / seconds,
            shares: threads.shares(seconds: seconds), agentCores: (try processor(load.child) - agents) / seconds,
            writes: StoreWrites(from: before, to: try await client.metrics()))
    }

    /// A job whenever one is due, until the last slice is Active.
    func stream(_ jobs: Int, perSecond: Double) async throws -> Stream {
        let earlier = try await client.seen().slices.count
        let used = try processor(controller)
        let began = Kernel.bootNanoseconds()
        let due = try await client.submit(jobs, phase: "stream", perSecond: perSecond)
        try await client.active(earlier + jobs * client.jobs.gang, within: .seconds(120))
        let seconds = Double(Kernel.bootNanoseconds() - began) / 1e9
        let latencies = try await client.seen().slices.compactMap { slice in
            due[slice.job].map { Double(slice.activeAt - $0) / 1e6 }
        }
        return Stream(latencies: latencies, cores: (try processor(controller) - used) / seconds)
    }

    /// The controller's cores while agents renew and nothing else happens.
    func quiet() async throws -> Double {
        let (began, used) = (Kernel.bootNanoseconds(), try processor(controller))
        try await Task.sleep(for: .seconds(5))
        return (try processor(controller) - used) / (Double(Kernel.bootNanoseconds() - began) / 1e9)
    }

    private func processor(_ child: Child) throws -> Double { try Kernel.processorSeconds(of: child.pid) }
}

/// What the store made durable between two looks at the controller's metrics.
struct StoreWrites: Sendable {
    var transactions: Double
    /// By resource.
    var writes: [String: Double]

    init(from before: [String: Double], to after: [String: Double]) {
        func grown(_ series: String) -> Double { (after[series] ?? 0) - (before[series] ?? 0) }
        transactions = grown("tidemill_store_transactions_total")
        writes = [:]
        for series in after.keys where series.hasPrefix("tidemill_store_writes_total") {
            let resource = series.split(separator: "\"").dropFirst().first.map(String.init) ?? series
            writes[resource] = grown(series)
        }
    }

    func rows(of check: GrantCheck, slices: Int) -> [Row] {
        let each = writes.filter { $0.value > 0 }.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
            .map { "\($0.key) \(figure($0.value / Double(slices)))" }
        return [
            Row(
                name: "durable writes of a slice, create to Active", value: Double(check.writes.most), unit: "",
                aim: .atMost(4),
                note:
                    "most of all, \(figure(check.writes.mean)) in the mean: changes of the slice object itself, each of which the client's watch brings once"
            ),
            Row(
                name: "transactions for a slice", value: transactions / Double(slices), unit: "", aim: .none,
                note: "all that the store committed, divided by slices; concurrent ones share a sync"),
            Row(
                name: "objects and records written for a slice", value: writes.values.reduce(0, +) / Double(slices),
                unit: "", aim: .none, note: each.joined(separator: ", ")),
        ]
    }
}
