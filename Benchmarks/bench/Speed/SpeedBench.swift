import ArgumentParser
import TidemillRig

/// Speed and memory of one machine: the codec, the API, a job's way, the programs.
struct SpeedBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "speed", abstract: "Measure the codec, the API, a job's way and the memory of the programs.")

    @Option(help: "Runs of which the median is taken.") var runs = 5

    func run() async throws {
        let codec = try CodecBench.rows()
        let rows = try await withRig(try Rig("bench")) { rig in
            try await rig.start()
            return try await codec + JobBench(rig: rig, runs: 20).rows() + ServerBench(rig: rig, runs: runs).rows()
                + MemoryBench(rig: rig).rows()
        }
        Row.report(rows, as: "bench")
    }
}
