import TidemillLease
import TidemillModel
import TidemillNodeCore
import TidemillSeams
import TidemillStore
import TidemillWire

/// Writes statuses until the controller has acknowledged them, as `ReportWriter` does.
final class ReportDesk {
    private unowned let process: AgentProcess
    private let patches: StatusPatch
    private var machine: Machine { process.machine }
    private var slices: [SliceUID: Kinds.Slice] = [:]
    private var tasks: [SliceKey: Kinds.Task] = [:]
    private var pending = PendingReports()

    init(_ process: AgentProcess) {
        self.process = process
        patches = StatusPatch(node: process.machine.node, grade: .enforced, unenforced: [])
    }

    func note(_ slice: Kinds.Slice) {
        let uid = SliceUID(slice.metadata.uid)
        if let known = slices[uid], Self.revision(known.metadata) >= Self.revision(slice.metadata) { return }
        slices[uid] = slice
    }

    func keep(only uids: Set<SliceUID>) {
        slices = slices.filter { uids.contains($0.key) }
        tasks = tasks.filter { uids.contains($0.key.uid) }
    }

    func drop(_ uid: SliceUID) {
        slices[uid] = nil
        for key in tasks.keys where key.uid == uid { tasks[key] = nil }
    }

    /// The task of a slice; nil when there is none.
    func task(of slice: HeldSlice, then: @escaping (Result<Kinds.Task?, CallFailure>) -> Void) {
        if let known = tasks[slice.key] { return then(.success(known)) }
        read(Kinds.Task.self, slice.namespace, slice.name) { [self] answer in
            if case .success(let task?) = answer {
                guard task.spec.slice == slice.name, task.spec.member.map(SliceMember.init) == slice.member else {
                    return then(.success(nil))
                }
                tasks[slice.key] = task
            }
            then(answer)
        }
    }

    /// Writes until the controller has it; `then` is told of a release that was the last word.
    func report(_ slice: HeldSlice, then: @escaping (SliceEvent) -> Void) {
        if process.world.broken.contains(.forgetReports), case .released = slice.phase {
            return then(.releaseAcknowledged(slice.key))
        }
        guard pending.offer(slice) else { return }
        go(slice.key, backoff: .milliseconds(10), then)
    }

    private func go(_ key: SliceKey, backoff: Duration, _ then: @escaping (SliceEvent) -> Void) {
        guard let next = pending.next(key) else { return pending.stopped(key) }
        let again: () -> Void = { [self] in
            let pause = machine.dice.microseconds(1...Int(backoff.wholeNanoseconds / 1000))
            machine.engine.after(pause, on: process.runner) { [self] in
                go(key, backoff: min(backoff * 2, .seconds(5)), then)
            }
        }
        write(next) { [self] heard in
            guard let heard else { return again() }
            if let event = pending.wrote(next, heard) {
                tasks[key] = nil
                then(event)
            }
            go(key, backoff: .milliseconds(10), then)
        }
    }

    /// Task first, so that a slice is not released before its task has said how it ended. Nil when it is to be tried again.
    private func write(_ held: HeldSlice, then: @escaping (PendingReports.Heard?) -> Void) {
        guard !held.name.isEmpty else { return then(.unheard) }
        slice(held.uid, held.namespace, held.name) { [self] answer in
            guard case .success(let current) = answer else { return then(nil) }
            guard let current else { return then(.unheard) }
            if let heard = StatusPatch.heard(held, by: current) { return then(heard) }
            writeTask(held) { [self] isDone in
                guard isDone else { return then(nil) }
                writeSlice(held, then: then)
            }
        }
    }

    private func writeTask(_ held: HeldSlice, then: @escaping (Bool) -> Void) {
        guard held.member != nil, held.isTaskWorthTelling else { return then(true) }
        task(of: held) { [self] answer in
            guard case .success(let current) = answer else { return then(false) }
            guard let current, let patch = patches.task(held, over: current) else { return then(true) }
            send(Kinds.Task.self, held.namespace, held.name, patch) { [self] result in
                switch result {
                case .success(let task):
                    tasks[held.key] = task
                    then(true)
                case .failure(let failure):
                    tasks[held.key] = nil
                    then(failure.isNotFound)
                }
            }
        }
    }

    private func writeSlice(_ held: HeldSlice, then: @escaping (PendingReports.Heard?) -> Void) {
        slice(held.uid, held.namespace, held.name) { [self] answer in
            guard case .success(let current) = answer else { return then(nil) }
            guard let current else { return then(.unheard) }
            if let heard = StatusPatch.heard(held, by: current) { return then(heard) }
            guard var patch = patches.slice(held, over: current, at: machine.wall) else {
                return then(.acknowledged)
            }
            if case .released(let release) = held.phase { tamper(&patch, held, release) }
            write(patch, to: current) { then($0) }
        }
    }

    /// What broken rules make of the report of a release.
    private func tamper(_ patch: inout JSON, _ held: HeldSlice, _ release: HeldSlice.Release) {
        let broken = process.world.broken
        if broken.contains(.meterWrongly), held.cardSeconds != "0.000" {
            patch["status"]?["cardSeconds"] = .string("0.001")
        }
        if broken.contains(.meterUntilNoticed), release.outcome?.state == .lost, let start = release.startedAt {
            let nanoseconds = machine.wall.nanosecondsSince1970 - start.nanosecondsSince1970
            patch["status"]?["cardSeconds"] = .string(
                CardSeconds.text(units: held.grant.cardUnits, nanoseconds: nanoseconds))
        }
    }

    private func write(_ patch: JSON, to current: Kinds.Slice, then: @escaping (PendingReports.Heard?) -> Void) {
        send(Kinds.Slice.self, current.metadata.namespace, current.metadata.name, patch) { [self] result in
            switch result {
            case .success(let slice):
                note(slice)
                then(.acknowledged)
            case .failure(let failure):
                slices[SliceUID(current.metadata.uid)] = nil
                then(failure.isNotFound ? .unheard : nil)
            }
        }
    }

    /// Tells the controller that this node does not take a grant.
    func refuse(_ view: SliceView, _ reason: GrantRefusal, _ message: String) {
        process.world.chronicle.saw("refusal: \(reason.rawValue)")
        slice(view.uid, view.namespace, view.name) { [self] answer in
            let again: () -> Void = { [self] in
                machine.engine.after(machine.dice.milliseconds(10...2000), on: process.runner) { [self] in
                    refuse(view, reason, message)
                }
            }
            guard case .success(let current) = answer else { return again() }
            guard let current,
                let patch = patches.refusal(view, reason, message: message, over: current, at: machine.wall)
            else { return }
            write(patch, to: current) { if $0 == nil { again() } }
        }
    }

    private func slice(
        _ uid: SliceUID, _ namespace: String, _ name: String,
        then: @escaping (Result<Kinds.Slice?, CallFailure>) -> Void
    ) {
        if let known = slices[uid] { return then(.success(known)) }
        read(Kinds.Slice.self, namespace, name) { [self] answer in
            if case .success(let slice?) = answer {
                guard slice.metadata.uid == uid.rawValue else { return then(.success(nil)) }
                note(slice)
            }
            then(answer)
        }
    }

    // MARK: Requests

    private func read<K: WireObject>(
        _ kind: K.Type, _ namespace: String, _ name: String, then: @escaping (Result<K?, CallFailure>) -> Void
    ) {
        process.world.call(process, timeout: .seconds(30)) { controller in
            try await controller.serve { try await $0.read(kind, namespace: namespace, name: name) }
        } then: {
            then($0)
        }
    }

    private func send<K: WireObject>(
        _ kind: K.Type, _ namespace: String, _ name: String, _ patch: JSON,
        then: @escaping (Result<K, CallFailure>) -> Void
    ) {
        process.world.call(process, timeout: .seconds(30)) { controller in
            try await controller.accept { resources in
                let ref = ObjectRef(kind: kind.info, namespace: namespace, name: name)
                return try await resources.mergePatch(ref, patch, .status).decoded(as: kind)
            }
        } then: {
            then($0)
        }
    }

    private static func revision(_ metadata: ObjectMeta) -> Int64 {
        metadata.resourceVersion.flatMap { Int64($0) } ?? 0
    }
}

extension CallFailure {
    var isNotFound: Bool {
        if case .refused(.notFound) = self { true } else { false }
    }
}
