import ArgumentParser
import Glibc
import TidemillRig

/// Speed and memory of one machine: the codec, the API, a job's way, the programs, lists and watches, devices, and, for root,
/// slices.
struct SpeedBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "speed", abstract: "Measure the codec, the API, a job's way and the memory of the programs.")

    @Option(help: "Runs of which the median is taken.") var runs = 5
    @OptionGroup var slices: SliceBench.Sizes
    @OptionGroup var watches: WatchBench.Sizes

    func run() async throws {
        let codec = try CodecBench.rows()
        var rows = try await withRig(try Rig("bench")) { rig in
            try await rig.start()
            return try await codec + JobBench(rig: rig, runs: 20).rows() + ServerBench(rig: rig, runs: runs).rows()
                + MemoryBench(rig: rig).rows()
        }
        rows += try await WatchBench.rows(watches)
        rows += try await DeviceBench.rows()
        // Slices that hold need root.
        if geteuid() == 0 { rows += try await SliceBench.rows(slices) }
        Row.report(rows, as: "bench")
    }
}
