import TidemillHostLinux
import TidemillNodeAgent
import TidemillNodeCore
import TidemillRig

/// How fast a task that needs a CPU and nothing else runs in a slice, against a bare process, and with a neighbour, against
/// alone. Always in pairs, in alternating order: what else the machine does meets both.
struct SliceSpeed {
    var stage: SliceStage
    var pairs: Int
    var milliseconds: Int64

    /// What one worker did.
    private struct Speed {
        /// Rounds in each second of the clock, which includes what it waited.
        var rounds: Double
        /// Rounds in each second of CPU time that it got.
        var perSecond: Double
    }

    func rows() async throws -> [Row] {
        let first = stage.slice("worker-a", milliCPU: 1000)
        let second = stage.slice("worker-b", milliCPU: 1000, beside: [first])
        var inside: [(Double, Double)] = []
        var neighbours: [(Double, Double)] = []
        for pair in 0..<pairs {
            let isEven = pair.isMultiple(of: 2)
            let before = isEven ? try await bare(pair) : nil
            let alone = try await together([first])[0]
            let after = isEven ? nil : try await bare(pair)
            guard let bare = before ?? after else { continue }
            inside.append((alone.rounds / bare.rounds, alone.perSecond / bare.perSecond))

            // Each of the two is measured in turn.
            let measured = isEven ? first : second
            let other = isEven ? second : first
            let single = isEven ? alone : try await together([measured])[0]
            let both = try await together([measured, other])[0]
            neighbours.append((both.rounds / single.rounds, both.perSecond / single.perSecond))
        }
        return [
            row("CPU-bound speed in a slice, of a bare process's", inside, Self.place(of: first)),
            row(
                "speed beside a neighbour, of the speed alone", neighbours,
                "\(Self.place(of: first)); the neighbour \(Self.place(of: second))"),
        ]
    }

    private func row(_ name: String, _ ratios: [(wall: Double, processor: Double)], _ note: String) -> Row {
        let wall = ratios.map(\.wall)
        return Row(
            name: name, value: median(wall), unit: "", aim: .none,
            note:
                "median of \(pairs) pairs of \(milliseconds) ms, \(figure(wall.min() ?? 0)) to \(figure(wall.max() ?? 0)); "
                + "by CPU time \(figure(median(ratios.map(\.processor)))); \(note)")
    }

    private static func place(of slice: HeldSlice) -> String {
        guard let cut = slice.plan?.cut else { return "" }
        let cpus = KernelList.text(cut.cpus)
        return cut.isWhole ? "core \(cpus) whole" : "\(cut.quotaMilliCPU ?? 0)m of CPU \(cpus)"
    }

    private var program: String { stage.programs.path("bench") }

    /// The arguments of a worker that begins when all are surely there.
    private func work() -> [String] {
        let begin = Kernel.bootNanoseconds() + 500_000_000
        return [program, "spin", "--begin", "\(begin)", "--end", "\(begin + milliseconds * 1_000_000)"]
    }

    private func bare(_ pair: Int) async throws -> Speed {
        let log = "\(stage.folder)/bare-\(pair).log"
        let child = try Child(program, Array(work().dropFirst()), log: log)
        try await Patience.untilTrue("the bare process ends") { !child.isRunning }
        return try speed(HostFile.readText(log))
    }

    private func together(_ slices: [HeldSlice]) async throws -> [Speed] {
        for slice in slices { try await stage.prepare(slice) }
        let work = work()
        var tasks: [RunningTask] = []
        for slice in slices { tasks.append(try await stage.start(slice, work)) }
        var speeds: [Speed] = []
        for (slice, task) in zip(slices, tasks) {
            _ = await stage.host.end(of: slice, task)
            speeds.append(try speed(stage.log(of: slice)))
            try await stage.release(slice)
            await stage.host.discard(slice.key)
        }
        return speeds
    }

    private func speed(_ text: String) throws -> Speed {
        let words = text.split(separator: " ").compactMap { Double($0) }
        guard words.count == 4, words[0] > 0, words[1] > 0, words[2] > 0 else {
            throw RigError("a worker said '\(text)'")
        }
        // One that came late met its neighbour for too short a time.
        guard words[2] > Double(milliseconds) * 0.75e6 else {
            throw RigError("a worker began too late, and worked only for \(words[2] / 1e6) ms")
        }
        return Speed(rounds: words[0] / words[2] * 1e9, perSecond: words[0] / words[1] * 1e9)
    }
}
