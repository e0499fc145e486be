import ArgumentParser
import TidemillRig

/// Speed and memory in release, with the aims of the project. A missed aim is reported, never hidden.
@main struct Bench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measure the codec, the API, a job's way and the memory of the programs.")

    @Option(help: "Runs of which the median is taken.") var runs = 5

    func run() async throws {
        var rows = try CodecBench.rows()
        let rig = try Rig("bench")
        do {
            try await rig.start()
            rows += try await JobBench(rig: rig, runs: 20).rows()
            rows += try await ServerBench(rig: rig, runs: runs).rows()
            rows += try await MemoryBench(rig: rig).rows()
        } catch {
            print(await rig.logs())
            try await rig.tearDown()
            throw error
        }
        try await rig.tearDown()
        for row in rows { print(row.line) }
        print("bench: rows=\(rows.count) missed_aims=\(rows.filter(\.isMissed).count)")
    }
}
