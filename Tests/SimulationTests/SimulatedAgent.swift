import TidemillModel
import TidemillSeams
import TidemillStore
import TidemillWire

/// What an agent sees of the API.
struct AgentView {
    var slices: [Kinds.Slice]
    var tasks: [String: Kinds.Task]
    var gangs: [String: Kinds.GangRecord]
}

/// A node's agent as the protocol describes it, with what really runs on its machine.
struct SimulatedAgent {
    /// Something that runs, or ran, or is prepared on the machine.
    struct Hold {
        enum Phase: Equatable {
            case prepared
            case running(endsAt: Instant, succeeds: Bool)
            /// Asked to end; it runs on until then.
            case stopping(until: Instant)
            /// Over; nil when no task ever ran.
            case ended(Kinds.TaskState?)
        }

        var namespace: String
        var name: String
        var grant: Kinds.Grant
        var member: Kinds.AttemptRef
        var phase: Phase

        /// Something of it executes.
        var isRunning: Bool {
            switch phase {
            case .running, .stopping: true
            case .prepared, .ended: false
            }
        }
    }

    let name: String
    var boot: Int
    var process: Int
    /// False while nothing of it reaches the controller.
    var isConnected = true
    /// When the last acknowledged heartbeat was sent.
    var acknowledged: Instant?
    var isAccepted = false
    var interval: Duration = .seconds(2)
    var lastHeartbeat: Instant?
    var holds: [String: Hold] = [:]
    /// A broken agent lets tasks run past their deadline.
    var ignoresDeadlines = false

    init(name: String) {
        self.name = name
        boot = 1
        process = 1
    }

    static let capacityMilliCPU: Int64 = 4000
    var bootID: String { "\(name)-boot-\(boot)" }

    func heartbeat(at now: Instant) -> Heartbeat {
        Heartbeat(
            node: NodeID(name), bootID: BootID(bootID), machineID: "machine-\(name)", agentStart: "\(name)-\(process)",
            sentAt: now.nanoseconds, appliedRevision: 0)
    }

    /// Time passes on the machine, whoever can be reached: tasks end, deadlines fence.
    mutating func live(until now: Instant) {
        for (uid, hold) in holds {
            if case .running(let endsAt, let succeeds) = hold.phase, endsAt <= now {
                holds[uid]?.phase = .ended(succeeds ? .succeeded : .failed)
            }
            if case .stopping(let until) = hold.phase, until <= now { holds[uid]?.phase = .ended(.preempted) }
            guard !ignoresDeadlines, let deadline = deadline(of: hold.grant), now >= deadline else { continue }
            if holds[uid]?.isRunning == true { holds[uid]?.phase = .ended(.fenced) }
            if holds[uid]?.phase == .prepared { holds[uid]?.phase = .ended(nil) }
        }
    }

    private func deadline(of grant: Kinds.Grant) -> Instant? {
        guard grant.policy == .stop, let after = grant.after?.duration else { return nil }
        return (acknowledged ?? Instant(nanoseconds: 0)) + after - after / 10
    }

    /// The machine goes down and comes back: nothing survives, and nothing was recorded.
    mutating func reboot() {
        boot += 1
        process += 1
        isAccepted = false
        acknowledged = nil
        for (uid, hold) in holds {
            if hold.isRunning { holds[uid]?.phase = .ended(.lost) }
            if hold.phase == .prepared { holds[uid]?.phase = .ended(nil) }
        }
    }

    mutating func restart() {
        process += 1
        isAccepted = false
    }

    var runningMilliCPU: Int64 {
        holds.values.flatMap(\.grant.shares).reduce(0) { $0 + ($1.cpu?.milliValue ?? 0) }
    }
}
