import NIOCore
import TidemillClient
import TidemillDaemon
import TidemillModel
import TidemillSeams
import TidemillWire

/// What a simulated agent does with its node's slices: the requests of the shipped agent in the shipped order, without a
/// machine beneath. A slice takes no time to be prepared or started. Lives on one event loop.
///
/// The shipped agent reads the slice's task and writes Prepared once the gang is Committed; it writes the task Running and
/// then the slice Active once the gang is Started (`SliceKeeper`, `ReportWriter`, `StatusPatch`).
final class SimulatedAgent {
    private enum Step {
        case seen, preparing, prepared, starting, active
    }

    private struct Held {
        var object: JSON
        var revision: Int64
        var task: JSON = .null
        var step = Step.seen

        var job: String { object.at(["spec", "member", "jobUID"])?.string ?? "" }
        var attempt: Int64 { object.at(["spec", "member", "attempt"])?.integer ?? 0 }
        var state: String { object.at(["status", "state"])?.string ?? "" }
        var epoch: Int64 { object.at(["status", "grant", "epoch"])?.integer ?? 0 }
    }

    private let node: SimulatedNode
    private let host: String
    private let pipe: RequestPipe
    private let tally: BeatTally
    private let time = SystemTime()
    private var held: [String: Held] = [:]
    /// The attempt and state of each gang that has members here, by the uid of the job.
    private var gangs: [String: (attempt: Int64, state: String)] = [:]

    init(node: SimulatedNode, host: String, pipe: RequestPipe, tally: BeatTally) {
        self.node = node
        self.host = host
        self.pipe = pipe
        self.tally = tally
    }

    // MARK: What the watches bring

    func take(slice: JSON, isGone: Bool) {
        guard let uid = slice.uid, let revision = slice.revision else { return }
        if isGone {
            held[uid] = nil
            return
        }
        if let known = held[uid] {
            guard revision > known.revision, known.step != .active else { return }
            let isSameGrant = known.epoch == slice.at(["status", "grant", "epoch"])?.integer
            held[uid] = Held(
                object: slice, revision: revision, task: known.task, step: isSameGrant ? known.step : .seen)
        } else {
            held[uid] = Held(object: slice, revision: revision)
        }
        judge(uid)
    }

    func take(job: JSON, isGone: Bool) {
        guard let uid = job.uid else { return }
        guard !isGone, let attempt = job.at(["status", "gang", "attempt"])?.integer,
            let state = job.at(["status", "gang", "state"])?.string
        else {
            gangs[uid] = nil
            return
        }
        gangs[uid] = (attempt, state)
        for (slice, known) in held where known.job == uid { judge(slice) }
    }

    // MARK: What follows

    private func judge(_ uid: String) {
        guard let slice = held[uid], let gang = gangs[slice.job], gang.attempt == slice.attempt else { return }
        switch slice.step {
        case .seen where slice.state == "Reserved" && gang.state == "Committed":
            held[uid]?.step = .preparing
            prepare(uid)
        case .prepared where gang.state == "Started":
            held[uid]?.step = .starting
            start(uid)
        case .seen, .preparing, .prepared, .starting, .active: break
        }
    }

    private func prepare(_ uid: String) {
        read(Kinds.Task.info, uid) { task in
            self.held[uid]?.task = task
            self.write(Kinds.Slice.info, uid, { ["observedGeneration": $0.generation, "state": "Prepared"] }) {
                self.held[uid]?.step = .prepared
                self.judge(uid)
            }
        }
    }

    private func start(_ uid: String) {
        let now = JSON.string(Timestamp(time.wall()).text)
        let node = JSON.string(node.id.rawValue)
        let running: (JSON) -> JSON = { slice in
            [
                "node": node, "token": slice.at(["status", "grant", "token"]) ?? .null, "state": "Running",
                "pid": 4_242, "startedAt": now,
            ]
        }
        write(Kinds.Task.info, uid, running) {
            self.write(Kinds.Slice.info, uid, { Self.active($0, at: now) }) {
                // Nothing more is written of it.
                self.held[uid]?.step = .active
                self.held[uid]?.object = .null
                self.tally.activated += 1
            }
        }
    }

    private static func active(_ slice: JSON, at now: JSON) -> JSON {
        let conditions = slice.at(["status", "conditions"])?.array ?? []
        return [
            "state": "Active", "activeAt": now, "isolation": "enforced",
            "conditions": .array(
                conditions + [
                    [
                        "type": "SliceEnforced", "status": "True",
                        "observedGeneration": slice.generation,
                        "lastTransitionTime": now, "reason": "LimitsSet",
                        "message": "CPUs, memory and processes are bounded by the kernel.",
                    ]
                ]),
        ]
    }

    // MARK: Requests

    private func read(_ kind: KindInfo, _ uid: String, _ then: @escaping (JSON) -> Void) {
        guard let slice = held[uid]?.object else { return }
        let path = ObjectPath.object(kind, namespace: slice.namespace, name: slice.name)
        tally.requests += 1
        pipe.send(Array("GET \(path) HTTP/1.1\r\nHost: \(host)\r\nAccept: application/json\r\n\r\n".utf8)) { answer in
            guard let object = answer?.json else { return self.fail("GET \(path)", answer) }
            then(object)
        }
    }

    /// Writes a status over what is known of the object; what was changed meanwhile is read and written again.
    private func write(
        _ kind: KindInfo, _ uid: String, _ status: @escaping (JSON) -> JSON, _ then: @escaping () -> Void
    ) {
        guard let slice = held[uid] else { return }
        let isSlice = kind == Kinds.Slice.info
        let current = isSlice ? slice.object : slice.task
        let body: JSON = [
            "metadata": ["resourceVersion": current.at(["metadata", "resourceVersion"]) ?? .null],
            "status": status(slice.object),
        ]
        let path = ObjectPath.object(
            kind, namespace: slice.object.namespace, name: slice.object.name, subresource: .status)
        let bytes = body.bytes
        let head =
            "PATCH \(path) HTTP/1.1\r\nHost: \(host)\r\nAccept: application/json\r\n"
            + "Content-Type: \(MediaType.mergePatch)\r\nContent-Length: \(bytes.count)\r\n\r\n"
        tally.requests += 1
        pipe.send(Array(head.utf8) + bytes) { answer in
            if let object = answer?.json {
                self.note(object, uid, isSlice)
                return then()
            }
            guard answer?.code == 409 else { return self.fail("PATCH \(path)", answer) }
            self.tally.conflicts += 1
            self.read(kind, uid) { object in
                self.note(object, uid, isSlice)
                self.write(kind, uid, status, then)
            }
        }
    }

    private func note(_ object: JSON, _ uid: String, _ isSlice: Bool) {
        if !isSlice {
            held[uid]?.task = object
        } else if let revision = object.revision, let known = held[uid], revision > known.revision {
            held[uid]?.object = object
            held[uid]?.revision = revision
        }
    }

    private func fail(_ request: String, _ answer: HTTPAnswer?) {
        tally.errors += 1
        let why = answer.map { String(buffer: $0.body) } ?? "the connection failed"
        tally.lastRefusal = "\(request): \(why)"
    }
}

extension HTTPAnswer {
    /// The body of a success, as a tree; nil for everything else.
    fileprivate var json: JSON? {
        // What is no JSON is no success, whatever it is.
        isSuccess ? try? JSON.parse(Array(body.readableBytesView)) : nil
    }
}

extension JSON {
    var uid: String? { at(["metadata", "uid"])?.string }
    var name: String { at(["metadata", "name"])?.string ?? "" }
    var namespace: String { at(["metadata", "namespace"])?.string ?? "" }
    fileprivate var generation: JSON { at(["metadata", "generation"]) ?? 1 }
    /// The revision of an object as it was read.
    var revision: Int64? { at(["metadata", "resourceVersion"])?.string.flatMap { Int64($0) } }
}
