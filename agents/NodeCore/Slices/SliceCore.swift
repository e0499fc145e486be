import TidemillLease
import TidemillModel
import TidemillSeams

/// Decides what happens to every slice of a node: takes grants, prepares on Committed, starts on Started, ends what was
/// asked to end, and reports. A pure value: the shell feeds events and performs effects.
///
/// 1. A share has one holder: the book refuses what is still held, whatever a controller says (invariant 1a).
/// 2. Nothing is prepared or started before a complete list, without an acknowledged renewal, or past its deadline.
/// 3. A grant that was released is never taken again: its epoch stays known.
/// 4. Ends come from shims' records; without one a task is Lost.
package struct SliceCore: Sendable {
    package let bootID: BootID
    /// Measured time to kill, for deadlines of what is not started yet.
    package let timeToKill: Duration

    package internal(set) var held: [SliceUID: HeldSlice] = [:]
    package internal(set) var book: GrantBook
    var views: [SliceUID: SliceView] = [:]
    var gangs: [JobUID: GangView] = [:]
    /// Found on the machine without a journal entry, until a list says whose they are.
    var strays: [SliceKey: Remains] = [:]
    /// Deadlines of `stop` slices whose task is not started; the shim holds the others.
    var deadlines: [SliceUID: Deadline] = [:]
    /// Epochs that were refused or released, so that late views of them change nothing.
    var finished: [SliceUID: Epoch] = [:]
    var lastRenewal: Instant?
    var isAdmitted = false
    var incarnationIsKnown = false
    var hasList = false

    /// `lastRenewal` is what the lease page says of this boot at the agent's start.
    package init(
        bootID: BootID, devices: [DeviceID: DeviceCapacity], timeToKill: Duration, lastRenewal: Instant? = nil
    ) {
        self.bootID = bootID
        self.timeToKill = timeToKill
        self.lastRenewal = lastRenewal
        book = GrantBook(boot: bootID, devices: devices)
    }

    package mutating func on(_ event: SliceEvent, at now: Instant) -> [SliceEffect] {
        switch event {
        case .recovered(let slice, let remains): recover(slice, remains)
        case .stray(let key, let remains): note(key, remains)
        case .listed(let all): list(all, at: now)
        case .seen(let view): see(view, at: now)
        case .gone(let uid): lose(uid, at: now)
        case .gangsListed(let all): listGangs(all, at: now)
        case .gangSeen(let gang): see(gang, at: now)
        case .gangGone(let job): loseGang(job)
        case .renewed(let sentAt, let isKnown): renew(sentAt, incarnationIsKnown: isKnown, at: now)
        case .turnedAway: turnAway()
        case .prepared(let key): step(key, at: now, from: [.preparing]) { $0.phase = .prepared }
        case .prepareFailed(let key, let message): prepareFailed(key, message: message)
        case .started(let key, let task): started(key, task)
        case .startFailed(let key, let outcome): startFailed(key, outcome)
        case .shimEnded(let key, let remains): shimEnded(key, remains)
        case .stuck(let key): stuck(key)
        case .emptied(let key, let wall): emptied(key, at: wall)
        case .releaseAcknowledged(let key): forget(key, at: now)
        }
    }

    // MARK: What the controller says

    private mutating func list(_ all: [SliceView], at now: Instant) -> [SliceEffect] {
        hasList = true
        views = Dictionary(all.map { ($0.uid, $0) }) { _, last in last }
        finished = finished.filter { views[$0.key] != nil }
        return settleStrays() + judgeAll(at: now)
    }

    private mutating func see(_ view: SliceView, at now: Instant) -> [SliceEffect] {
        views[view.uid] = view
        return judge(view.uid, at: now)
    }

    private mutating func lose(_ uid: SliceUID, at now: Instant) -> [SliceEffect] {
        views[uid] = nil
        finished[uid] = nil
        return judge(uid, at: now)
    }

    private mutating func listGangs(_ all: [GangView], at now: Instant) -> [SliceEffect] {
        gangs = Dictionary(all.map { ($0.jobUID, $0) }) { _, last in last }
        return judgeAll(at: now)
    }

    private mutating func see(_ gang: GangView, at now: Instant) -> [SliceEffect] {
        gangs[gang.jobUID] = gang
        let members = views.values.filter { $0.member?.jobUID == gang.jobUID }.map(\.uid)
        return members.sorted().flatMap { judge($0, at: now) }
    }

    private mutating func loseGang(_ job: JobUID) -> [SliceEffect] {
        gangs[job] = nil
        return []
    }

    private mutating func renew(_ sentAt: Instant, incarnationIsKnown known: Bool, at now: Instant) -> [SliceEffect] {
        isAdmitted = true
        incarnationIsKnown = known
        lastRenewal = max(sentAt, lastRenewal ?? sentAt)
        let renewal = Renewal(boot: bootID, incarnation: IncarnationID(""), sentAt: sentAt)
        for uid in deadlines.keys { _ = deadlines[uid]?.extend(renewal, at: now) }
        return settleStrays() + judgeAll(at: now)
    }

    private mutating func turnAway() -> [SliceEffect] {
        isAdmitted = false
        return []
    }

    // MARK: Judging

    private mutating func judgeAll(at now: Instant) -> [SliceEffect] {
        Set(views.keys).union(held.keys).sorted().flatMap { judge($0, at: now) }
    }

    mutating func judge(_ uid: SliceUID, at now: Instant) -> [SliceEffect] {
        if let slice = held[uid] { return advance(slice, at: now) }
        guard let view = views[uid], let grant = view.grant, grant.epoch > finished[uid] ?? Epoch(0) else { return [] }
        switch view.state {
        case .pending, .released:
            return []
        case .reserved where !view.isDeleting && !gangIsOver(for: view.member):
            return take(view, grant, at: now)
        case .reserved, .prepared, .active, .releasing, .scrubbing, .lost:
            return giveBack(view, grant)
        }
    }

    /// A grant on Committed: hold its shares and prepare, or refuse.
    private mutating func take(_ view: SliceView, _ grant: SliceGrant, at now: Instant) -> [SliceEffect] {
        guard isAdmitted, hasList, strays.isEmpty, !holdsUnknownShares, gang(of: view.member, is: .committed) else {
            return []
        }
        switch book.accept(grant.judged(for: view.uid), renewedAt: lastRenewal, timeToKill: timeToKill, at: now) {
        case .accepted(let deadline):
            deadlines[view.uid] = deadline
            return [.prepare(hold(view, grant, .preparing))]
        case .alreadyHeld:
            return []
        case .refused(.pastDeadline, _):
            // Nothing is wrong with the grant: the next acknowledged renewal decides.
            return []
        case .refused(let reason, let message):
            finished[view.uid] = grant.epoch
            return [.refuse(view, reason, message: message)]
        }
    }

    /// The controller believes that this node has something of the slice, or asks for its end, and there is nothing: look
    /// once more on the machine, then say so. A task that ran here has no record, so it is Lost.
    ///
    /// Only a node that the controller accepts may say so: another machine under the same name knows nothing of it.
    private mutating func giveBack(_ view: SliceView, _ grant: SliceGrant) -> [SliceEffect] {
        guard hasList, isAdmitted else { return [] }
        let wasActive = view.state == .active || view.activeAt != nil
        let outcome = wasActive ? TaskVerdict.lost(startedAt: view.activeAt) : nil
        // Its shares are held until the machine was looked at: a process may be left.
        book.adopt(grant.judged(for: view.uid))
        return [.empty(hold(view, grant, .emptying(startedAt: view.activeAt, outcome: outcome)))]
    }

    private mutating func hold(_ view: SliceView, _ grant: SliceGrant, _ phase: HeldSlice.Phase) -> HeldSlice {
        let slice = HeldSlice(
            uid: view.uid, namespace: view.namespace, name: view.name, member: view.member, grant: grant, phase: phase)
        held[view.uid] = slice
        return slice
    }

    /// What a held slice does next, given all that is known.
    mutating func advance(_ before: HeldSlice, at now: Instant) -> [SliceEffect] {
        var slice = before
        let isNewStop = slice.stop == nil
        if isNewStop { slice.stop = stopRequest(for: slice) }
        held[slice.uid] = slice
        switch slice.phase {
        case .preparing, .starting, .emptying, .released:
            return []
        case .prepared where slice.stop != nil:
            return empty(slice, startedAt: nil, outcome: nil)
        case .prepared where isPastDeadline(slice, at: now):
            return empty(slice, startedAt: nil, outcome: TaskVerdict.fencedBeforeStart)
        case .prepared:
            guard isAdmitted, gang(of: slice.member, is: .started) else { return [] }
            slice.phase = .starting
            held[slice.uid] = slice
            return [.start(slice, deadlines[slice.uid])]
        case .active:
            return isNewStop && slice.stop != nil ? [.stop(slice)] : []
        }
    }

    /// A slice of policy `stop` without a deadline has no time either: no fence, no task (invariant 3).
    private func isPastDeadline(_ slice: HeldSlice, at now: Instant) -> Bool {
        deadlines[slice.uid]?.hasPassed(at: now) ?? (slice.grant.stopAfter != nil)
    }

    /// Whether something is being ended of which nobody knows what it holds.
    private var holdsUnknownShares: Bool {
        held.values.contains { slice in
            if case .emptying = slice.phase { slice.grant.shares.isEmpty } else { false }
        }
    }

    /// Why the slice must end now; nil while it may live.
    private func stopRequest(for slice: HeldSlice) -> StopRequest? {
        guard let view = views[slice.uid] else {
            // Only a complete list of a controller that we know ends what runs (section 4, Journal).
            guard hasList, incarnationIsKnown else { return nil }
            return StopRequest(reason: "Deleted", message: "The slice no longer exists, or is granted elsewhere.")
        }
        if let epoch = view.grant?.epoch, epoch > slice.grant.epoch {
            return StopRequest(reason: "OldEpoch", message: "A newer grant, of epoch \(epoch), has replaced this one.")
        }
        if view.isDeleting { return StopRequest(reason: "Deleted", message: "The slice was deleted.") }
        switch view.state {
        case .releasing, .scrubbing, .lost, .released:
            return StopRequest(reason: view.reason ?? view.state.rawValue, message: view.message)
        case .pending, .reserved, .prepared, .active:
            break
        }
        switch slice.phase {
        case .preparing, .prepared:
            guard gangIsOver(for: slice.member) else { return nil }
            return StopRequest(reason: "GangNotReady", message: "The attempt was abandoned before it started.")
        case .starting, .active, .emptying, .released:
            return nil
        }
    }

    private func gang(of member: SliceMember?, is state: Kinds.GangState) -> Bool {
        guard let member, let gang = gangs[member.jobUID] else { return false }
        return gang.attempt == member.attempt && gang.state == state
    }

    /// The attempt was abandoned, or a later one has begun.
    private func gangIsOver(for member: SliceMember?) -> Bool {
        guard let member, let gang = gangs[member.jobUID] else { return false }
        return gang.attempt > member.attempt || (gang.attempt == member.attempt && gang.state == .abandoned)
    }
}
