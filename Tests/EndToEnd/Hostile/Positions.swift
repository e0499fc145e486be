import Foundation
import TidemillClient
import TidemillModel
import TidemillRig

/// The agent dies before each step of prepare and of release in turn, at every position. After its restart, and once the
/// job is over, nothing may be left that belongs to no live slice.
struct Positions {
    /// More steps than any plan has.
    private static let most = 400
    /// Nodes that share the positions of one fate: most of the time is spent waiting.
    private static let lanes = 2

    /// Only every so many positions: where each takes long, a sample of what another machine tries whole.
    var every = 1

    /// What becomes of the job while the agent is dead.
    private enum Fate: String, CaseIterable {
        /// It stays wanted: the preparation, or the release, is carried to its end.
        case kept
        /// It is deleted: what was prepared is undone.
        case deleted
    }

    func perform() async throws -> (positions: Int, problems: [String]) {
        try await withRig(try Rig("positions")) { rig in
            try await Interruption.watch { try await tryAll(try Stage(rig)) }
        }
    }

    private func tryAll(_ stage: Stage) async throws -> (positions: Int, problems: [String]) {
        let rig = stage.rig
        try await stage.open()
        let seat = { (fate: Fate, lane: Int) in rig.seat("\(fate.rawValue)-\(lane)") }
        try await stage.furnish(Fate.allCases.flatMap { fate in (1...Self.lanes).map { seat(fate, $0) } })
        let filters = try await Leftovers.filters(rig)
        let found = try await withThrowingTaskGroup(of: (positions: Int, problems: [String]).self) { lanes in
            for fate in Fate.allCases {
                for lane in 1...Self.lanes {
                    let seat = seat(fate, lane)
                    lanes.addTask { try await dieEverywhere(stage, seat, fate, from: 1 + (lane - 1) * every) }
                }
            }
            return try await lanes.reduce(into: (positions: 0, problems: [String]())) {
                $0.positions += $1.positions
                $0.problems += $1.problems
            }
        }
        let left = try await Leftovers.settled { try await Leftovers.filters(rig, beyond: filters) }
        return (found.positions, found.problems + left)
    }

    /// Tries positions until one lies behind the last step.
    private func dieEverywhere(
        _ stage: Stage, _ seat: Seat, _ fate: Fate, from first: Int
    ) async throws -> (Int, [String]) {
        var problems: [String] = []
        var tried = 0
        for position in stride(from: first, through: Self.most, by: Self.lanes * every) {
            let job = "\(fate.rawValue)-\(position)"
            try await stage.raise(seat, broken: "die-at:\(position)")
            try await stage.submit(
                job, of: Stage.tenants.attacker, on: seat, command: ["/bin/true"],
                environment: [Leftovers.mark: seat.node], cpu: "100m", memory: "64Mi")
            guard try await hasDied(stage, seat, job) else {
                try await stage.lower(seat)
                if tried == 0 { problems.append("\(fate.rawValue): the agent never died, so nothing was tried") }
                return (tried, problems)
            }
            tried += 1
            if fate == .deleted { try await stage.finishNow(job, of: Stage.tenants.attacker) }
            try await stage.raise(seat, broken: "")
            if fate == .kept { _ = try await stage.end(job, of: Stage.tenants.attacker) }
            try await stage.released(job, of: Stage.tenants.attacker)
            let left = try await Leftovers.settled { try Leftovers.ofWork(seat, stage.rig) }
            // Files outlast the release, for they hold the log; not the Slice.
            try await stage.finishNow(job, of: Stage.tenants.attacker)
            let folders = try await Leftovers.settled { Leftovers.folders(seat) }
            problems += (left + folders).map { "\(fate.rawValue), dead before step \(position): \($0)" }
            try await stage.rig.killAgent(on: seat)
            if tried % 10 == 0 { say("positions: \(fate.rawValue) \(position) …") }
        }
        return (tried, problems + ["\(fate.rawValue): no end after \(Self.most) positions"])
    }

    /// Whether the agent died before the job held nothing any more.
    private func hasDied(_ stage: Stage, _ seat: Seat, _ job: String) async throws -> Bool {
        try await Patience.until("the agent dies, or \(job) is over", within: .seconds(60)) { () -> Bool? in
            guard let agent = await stage.rig.agents[seat], agent.isRunning else { return true }
            // Not there before the job was seen.
            guard let slice = try? await stage.slice(job, of: Stage.tenants.attacker) else { return nil }
            guard slice.status.state == .released else { return nil }
            // The last steps may come after the report of the release.
            return try Leftovers.ofWork(seat, stage.rig).isEmpty ? false : nil
        }
    }
}

/// What of a node is still there although no slice is.
enum Leftovers {
    /// In the environment of every task whose processes are looked for, with its node's name.
    static let mark = "LEFTOVERS"

    /// Groups, mounts and processes.
    static func ofWork(_ seat: Seat, _ rig: Rig) throws -> [String] {
        var found = groups(seat)
        let mounts = try String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8)
        found += mounts.split(separator: "\n").filter { $0.contains(seat.node) }.map { "mount \($0)" }
        found += rig.shims(of: seat).map { "shim \($0)" }
        found += Kernel.processes(withEnvironment: "\(mark)=\(seat.node)").map { "process \($0)" }
        return found
    }

    /// What is kept of slices.
    static func folders(_ seat: Seat) -> [String] {
        let slices = "\(seat.stateFolder)/slices"
        // Not there before the first slice.
        return ((try? FileManager.default.contentsOfDirectory(atPath: slices)) ?? []).map { "folder \(slices)/\($0)" }
    }

    /// Groups of slices and shims, in every hierarchy.
    private static func groups(_ seat: Seat) -> [String] {
        // Without hierarchies there are no groups.
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/sys/fs/cgroup")) ?? []
        return (names.map { "/sys/fs/cgroup/\($0)" } + ["/sys/fs/cgroup"]).flatMap { hierarchy in
            ["slices", "shims"].flatMap { kind -> [String] in
                let parent = "\(hierarchy)/\(seat.cgroupRoot)/\(kind)"
                // Not there before the agent's first start, and in no hierarchy that it does not use.
                let inside = (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? []
                return inside.map { "\(parent)/\($0)" }.filter(isFolder).map { "group \($0)" }
            }
        }
    }

    private static func isFolder(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
    }

    /// How many device filters the kernel holds; nil where it does not say.
    static func filters(_ rig: Rig) async throws -> Int? {
        let report = "\(rig.folder)/filters-\(UUID().uuidString)"
        _ = try await rig.run("tidemill-attacker", ["count-filters", report])
        return Evidence(report: try String(contentsOfFile: report, encoding: .utf8)).last("filters").flatMap { Int($0) }
    }

    static func filters(_ rig: Rig, beyond before: Int?) async throws -> [String] {
        guard let before, let now = try await filters(rig), now > before else { return [] }
        return ["\(now - before) device filter(s) of \(now)"]
    }

    /// What `look` still finds after ten seconds.
    static func settled(_ look: () async throws -> [String]) async throws -> [String] {
        var found: [String] = []
        do {
            try await Patience.untilTrue("nothing is left", within: .seconds(10)) {
                found = try await look()
                return found.isEmpty
            }
        } catch let error as RigError where error.description.hasPrefix("waited") {
            return found
        }
        return []
    }
}
