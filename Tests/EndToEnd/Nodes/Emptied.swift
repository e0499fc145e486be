import Foundation
import TidemillClient
import TidemillModel
import TidemillRig
import TidemillWire

/// A cordoned node gets nothing new, and what runs there goes on.
struct Cordoned: Trial {
    let name = "cordon"

    func run(_ rig: Rig) async throws -> Findings {
        var findings = Findings()
        let other = rig.seat("b")
        try await rig.start([other])
        let work = try await rig.startWork([("stays", .keep)], on: rig.seat, of: [rig.seat, other])[0]
        try await rig.tidemill("cordon", rig.node, other.node)
        for seat in [rig.seat, other] { try await rig.wait(for: seat, toBe: .cordoned) }
        try await rig.submitWitness("waits", seconds: 1)
        let job = try await Patience.until("the job says why it waits") {
            let job = try await rig.job("waits")
            return job.status.reason == nil ? nil : job
        }
        findings.check(
            "\(name): a job without a node says so with numbers",
            job.status.message?.contains { $0.isNumber } == true, job.status.message ?? "no message")
        try await findings.checkKept(work, rig, name)
        try await rig.tidemill("uncordon", other.node)
        try await rig.wait(for: "waits", toBe: .succeeded)
        let node = try await rig.slice("waits").status.grant?.node
        findings.check("\(name): it went to the node that was let in again", node == other.node, node ?? "nowhere")
        return findings
    }
}

/// A drain moves what may move, one by one when asked to, leaves the rest, says what it waits for, and evicts that too when
/// it is forced.
struct Drained: Trial {
    let name = "drain"

    func run(_ rig: Rig) async throws -> Findings {
        var findings = Findings()
        let (leaving, other) = (rig.seat, rig.seat("b"))
        try await rig.start([other])
        let movable = ["moves-0", "moves-1", "moves-2"]
        _ = try await rig.startWork(
            movable.map { ($0, .stop(60_000)) }, on: leaving, of: [leaving, other],
            more: ["preemptibility": "preemptible"])
        let firm = try await rig.startWork([("firm", .keep)], on: leaving, of: [leaving, other])[0]
        let budgeted = try await rig.startWork(
            [("budgeted", .stop(60_000))], on: leaving, of: [leaving, other],
            more: ["preemptibility": "preemptible", "disruptionBudget": ["evictions": 0]])[0]

        let turns = try await ReleaseCount.follow(rig, on: leaving, until: movable.count) {
            try await rig.tidemill("drain", leaving.node, "--max-concurrent", "1")
            for job in movable { try await rig.witnessed(job, attempt: 2) }
        }
        findings.check("\(name): one slice at a time", turns.most == 1, "\(turns.most) were going at once")
        for job in movable {
            try await findings.checkMoved(job, to: other, rig, name)
        }
        for work in [firm, budgeted] { try await findings.checkKept(work, rig, name) }
        let node = try await Patience.until("the drain says what it waits for") {
            let node = try await rig.nodeObject(leaving)
            let told = node.status.conditions.first { $0.type == "Draining" }?.message
            return told?.contains("2") == true ? node : nil
        }
        findings.check("\(name): the node is Draining", node.status.state == .draining)

        try await rig.tidemill("drain", leaving.node, "--force", "--timeout", "1s", "--wait", within: .seconds(90))
        for work in [firm, budgeted] {
            findings.check("\(name): force evicts \(work.job)", !Kernel.isAlive(work.pid))
            try await rig.witnessed(work.job, attempt: 2)
            try await findings.checkMoved(work.job, to: other, rig, name)
        }
        try await rig.wait(for: leaving, toBe: .cordoned)
        try await rig.tidemill("uncordon", leaving.node)
        try await rig.wait(for: leaving, toBe: .ready)
        return findings
    }
}

/// A budget of one eviction lets a job be moved once; the next drain leaves it where it is.
struct BudgetKept: Trial {
    let name = "disruption-budget"

    func run(_ rig: Rig) async throws -> Findings {
        var findings = Findings()
        let (first, second) = (rig.seat, rig.seat("b"))
        try await rig.start([second])
        _ = try await rig.startWork(
            [("once", .stop(60_000))], on: first, of: [first, second],
            more: ["preemptibility": "preemptible", "disruptionBudget": ["evictions": 1, "per": "1h"]])
        try await rig.tidemill("drain", first.node, "--wait")
        try await rig.witnessed("once", attempt: 2)
        try await findings.checkMoved("once", to: second, rig, name)
        try await rig.tidemill("drain", first.node, "--undo")
        try await rig.wait(for: first, toBe: .ready)
        try await rig.tidemill("drain", second.node)
        let told = try await Patience.until("the second drain says what it waits for") {
            try await rig.nodeObject(second).status.conditions.first { $0.type == "Draining" && $0.status == .true }
        }
        findings.check(
            "\(name): the drain names the budget", told.message?.localizedCaseInsensitiveContains("budget") == true,
            told.message ?? "")
        let job = try await rig.job("once")
        findings.check(
            "\(name): the job is not moved twice", job.status.gang?.attempt == 2 && job.status.evictedAt.count == 1,
            "attempt \(job.status.gang?.attempt ?? 0), \(job.status.evictedAt.count) evictions")
        return findings
    }
}

/// A NoExecute taint ends what does not bear it: at once, after tolerationSeconds, or never.
struct Tainted: Trial {
    let name = "taint"
    static let seconds: Int64 = 6

    func run(_ rig: Rig) async throws -> Findings {
        var findings = Findings()
        let (tainted, other) = (rig.seat, rig.seat("b"))
        let seats = [tainted, other]
        try await rig.start([other])
        func toleration(_ seconds: Int64?) -> [String: JSON] {
            var toleration: JSON = ["key": "heat", "operator": "Exists", "effect": "NoExecute"]
            if let seconds { toleration["tolerationSeconds"] = .integer(seconds) }
            return ["tolerations": [toleration]]
        }
        _ = try await rig.startWork([("intolerant", .keep)], on: tainted, of: seats)
        _ = try await rig.startWork(
            [("patient", .keep)], on: tainted, of: seats, more: toleration(Self.seconds))
        let tolerant = try await rig.startWork([("tolerant", .keep)], on: tainted, of: seats, more: toleration(nil))[0]

        let began = Kernel.bootNanoseconds()
        try await rig.tidemill("taint", tainted.node, "heat=high:NoExecute")
        for job in ["intolerant", "patient"] {
            try await rig.witnessed(job, attempt: 2)
            try await findings.checkMoved(job, to: other, rig, name)
        }
        func lived(_ job: String) throws -> Double {
            Double((try rig.witness().runs(of: job).first?.last ?? 0) - began) / 1e9
        }
        let (short, long) = (try lived("intolerant"), try lived("patient"))
        findings.check("\(name): without a toleration it goes at once", short < Double(Self.seconds) - 2, "\(short) s")
        // The store counts whole seconds.
        findings.check(
            "\(name): tolerationSeconds are given whole",
            long > Double(Self.seconds) - 1 && long < Double(Self.seconds) + 5, "\(long) s of \(Self.seconds)")
        try await findings.checkKept(tolerant, rig, name)
        try await rig.tidemill("taint", tainted.node, "heat-")
        findings.check("\(name): the taint is taken back", try await rig.nodeObject(tainted).spec.taints.isEmpty)
        return findings
    }
}

/// A node in maintenance is emptied, its silence is expected, and it is Ready again afterwards.
struct Maintained: Trial {
    let name = "maintenance"

    func run(_ rig: Rig) async throws -> Findings {
        var findings = Findings()
        let (seat, other) = (rig.seat, rig.seat("b"))
        try await rig.start([other])
        _ = try await rig.startWork(
            [("moves", .stop(60_000))], on: seat, of: [seat, other], more: ["preemptibility": "preemptible"])
        try await rig.tidemill("maintenance", seat.node)
        try await rig.witnessed("moves", attempt: 2)
        try await findings.checkMoved("moves", to: other, rig, name)
        try await rig.wait(for: seat, toBe: .maintenance)

        try await rig.killAgent(on: seat)
        let gone = Kernel.bootNanoseconds()
        // Twice the time after which silence makes other nodes Disconnected.
        try await rig.waitUntil(gone + 20_000_000_000)
        let state = try await rig.nodeObject(seat).status.state
        findings.check("\(name): its silence raises no alarm", state == .maintenance, state?.rawValue ?? "none")
        try await rig.startAgent(on: seat)
        try await rig.tidemill("maintenance", seat.node, "--off")
        try await rig.wait(for: seat, toBe: .ready)
        return findings
    }
}

/// How many slices of a node were on their way out at once.
struct ReleaseCount: Sendable {
    private var going: Set<String> = []
    private(set) var most = 0
    private var released: Set<String> = []

    /// Watches the slices of `seat` while `body` runs, until so many have gone.
    static func follow(
        _ rig: Rig, on seat: Seat, until count: Int, _ body: @escaping @Sendable () async throws -> Void
    ) async throws -> ReleaseCount {
        let watch = try await rig.admin().watch(
            Kinds.Slice.self, namespace: "default", selection: Selection(fields: "status.grant.node=\(seat.node)"))
        return try await withThrowingTaskGroup(of: ReleaseCount?.self) { group in
            group.addTask {
                try await body()
                return nil
            }
            group.addTask {
                var seen = ReleaseCount()
                for try await event in watch {
                    seen.take(event)
                    if seen.released.count >= count { break }
                }
                return seen
            }
            var result = ReleaseCount()
            for try await seen in group { if let seen { result = seen } }
            return result
        }
    }

    private mutating func take(_ event: ObjectEvent<Kinds.Slice>) {
        switch event {
        case .added(let slice), .modified(let slice):
            let name = slice.metadata.name
            if slice.status.state == .releasing || slice.status.state == .scrubbing {
                going.insert(name)
            } else {
                going.remove(name)
            }
            if slice.status.state == .released { released.insert(name) }
        case .deleted(let slice):
            going.remove(slice.metadata.name)
            released.insert(slice.metadata.name)
        case .bookmark:
            break
        }
        most = max(most, going.count)
    }
}

extension Findings {
    /// Work that an operator's measure has moved: its second attempt is elsewhere, the first had ended before, and nothing
    /// counts as a failure.
    mutating func checkMoved(_ job: String, to seat: Seat, _ rig: Rig, _ trial: String) async throws {
        let node = try await rig.slice(job, attempt: 2).status.grant?.node
        let status = try await rig.job(job).status
        check(
            "\(trial): \(job) moved to the other node, without a failure",
            node == seat.node && (status.failures ?? 0) == 0,
            "to \(node ?? "nowhere"), \(status.failures ?? 0) failures")
        let doubles = try rig.witness().doubles.filter { $0.hasPrefix("\(job)/") }
        check("\(trial): \(job) never ran twice at once", noneOf: doubles)
    }
}
