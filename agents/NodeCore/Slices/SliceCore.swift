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
/// 5. While the life of the controller's store is not known, what runs is adopted and nothing is ended by absence, given
///    back or acknowledged by absence (`ControllerStanding`).
package struct SliceCore: Sendable {
    package let bootID: BootID
    package internal(set) var held: [SliceUID: HeldSlice] = [:]
    package internal(set) var book: GrantBook
    /// What of this the journal keeps beside the slices.
    package internal(set) var memory: SliceMemory
    package internal(set) var standing: ControllerStanding
    var views: [SliceUID: SliceView] = [:]
    var gangs: [JobUID: GangView] = [:]
    /// Found on the machine without a journal entry, until a list says whose they are.
    var strays: [SliceKey: Remains] = [:]
    /// Deadlines of `stop` slices whose task is not started; the shim holds the others.
    var deadlines: [SliceUID: Deadline] = [:]
    /// Epochs that were released, so that late views of them change nothing.
    var finished: [SliceUID: Epoch] = [:]
    /// Epochs that were refused: nothing of them is here any more, and their end is acknowledged when it is asked for.
    var refused: [SliceUID: Epoch] = [:]
    /// How released grants ended, for a store that has forgotten it.
    var endings: [SliceUID: HeldSlice] = [:]
    /// Ends that the controller ordered in answer to an inventory.
    var orders: [SliceKey: StopRequest] = [:]
    /// Released slices that the controller says it does not know.
    var unheardOf: Set<SliceUID> = []
    /// `stop` slices whose deadline cannot be trusted, since when; they wait for a renewal that was sent after it.
    var distrusted: [SliceUID: Instant] = [:]
    /// The last jump of the clock that no renewal followed.
    var jump: (size: Duration, at: Instant)?
    var lastRenewal: Instant?
    /// The highest epoch met in journal, cgroups and grants.
    var highestEpoch = Epoch(0)
    var isScanned = false
    var inventory = InventoryDuty()
    /// What the machine offers; nil where nothing is made for slices.
    let abilities: HostAbilities?
    /// How often `bindings` were asked for.
    var bindingNumber = 0
    /// Slices that are still being prepared, and have files to be bound by.
    var bindable: Set<SliceKey> = []

    /// Measured time to kill, for deadlines of what is not started yet.
    package var timeToKill: Duration { memory.killTimes.bound }

    /// `lastRenewal` is what the lease page says of this boot at the agent's start, `memory` what the journal says.
    package init(
        bootID: BootID, devices: [DeviceID: DeviceCapacity], abilities: HostAbilities? = nil,
        memory: SliceMemory = SliceMemory(), lastRenewal: Instant? = nil
    ) {
        self.bootID = bootID
        self.abilities = abilities
        self.memory = memory
        self.lastRenewal = lastRenewal
        standing = ControllerStanding(known: memory.incarnation)
        book = GrantBook(boot: bootID, devices: devices)
    }

    package mutating func on(_ event: SliceEvent, at now: Instant) -> [SliceEffect] {
        let spoke = standing.maySpeak
        let effects = happen(event, at: now)
        guard standing.maySpeak else { return effects.map(\.unspoken) }
        return spoke ? effects : effects + reports(notIn: effects)
    }

    private mutating func happen(_ event: SliceEvent, at now: Instant) -> [SliceEffect] {
        switch event {
        case .recovered(let slice, let remains): recover(slice, remains, at: now)
        case .stray(let key, let remains): note(key, remains)
        case .scanned: scanned(at: now)
        case .listed(let all, let demand): list(all, under: demand, at: now)
        case .seen(let view): see(view, at: now)
        case .gone(let uid): lose(uid, at: now)
        case .gangsListed(let all, let demand): listGangs(all, under: demand, at: now)
        case .gangSeen(let gang): see(gang, at: now)
        case .gangGone(let job): loseGang(job)
        case .renewed(let sentAt, let life, let start, let wanted): renew(sentAt, life, start, wanted, at: now)
        case .turnedAway(let wanted): turnAway(wanted, at: now)
        case .inventoryAnswered(let reply): inventoryAnswered(reply, at: now)
        case .inventoryUnanswered: inventoryUnanswered()
        case .clockJumped(let size): clockJumped(by: size, at: now)
        case .alive(let keys, let instant, let wall): noteAlive(keys, at: instant, wall)
        case .prepared(let key, let proof):
            step(key, at: now, from: [.preparing]) {
                $0.phase = .prepared
                $0.proof = proof
            }
        case .prepareFailed(let key, let message): prepareFailed(key, message: message)
        case .unproven(let key, let proof): unproven(key, proof)
        case .started(let key, let task): started(key, task, at: now)
        case .startFailed(let key, let outcome): startFailed(key, outcome)
        case .shimEnded(let key, let remains): shimEnded(key, remains)
        case .stuck(let key, let obstacle): stuck(key, obstacle)
        case .probed(let key, let proof): probed(key, proof)
        case .emptied(let key, let wall, let scrub): emptied(key, at: wall, scrub)
        case .releaseAcknowledged(let key): acknowledge(key, at: now)
        case .unheard(let key): unheard(key, at: now)
        }
    }

    // MARK: What the controller says

    private mutating func list(_ all: [SliceView], under demand: Int, at now: Instant) -> [SliceEffect] {
        guard standing.listedSlices(under: demand, at: now) else { return [] }
        views = Dictionary(all.map { ($0.uid, $0) }) { _, last in last }
        for view in all { meet(view) }
        finished = finished.filter { views[$0.key] != nil }
        refused = refused.filter { views[$0.key] != nil }
        return settleStrays(at: now) + judgeAll(at: now)
    }

    private mutating func see(_ view: SliceView, at now: Instant) -> [SliceEffect] {
        views[view.uid] = view
        meet(view)
        return judge(view.uid, at: now)
    }

    private mutating func lose(_ uid: SliceUID, at now: Instant) -> [SliceEffect] {
        views[uid] = nil
        finished[uid] = nil
        refused[uid] = nil
        return judge(uid, at: now)
    }

    private mutating func meet(_ view: SliceView) {
        if let epoch = view.grant?.epoch { highestEpoch = max(highestEpoch, epoch) }
    }

    private mutating func listGangs(_ all: [GangView], under demand: Int, at now: Instant) -> [SliceEffect] {
        guard standing.listedGangs(under: demand, at: now) else { return [] }
        gangs = Dictionary(all.map { ($0.jobUID, $0) }) { _, last in last }
        return judgeAll(at: now)
    }

    private mutating func see(_ gang: GangView, at now: Instant) -> [SliceEffect] {
        gangs[gang.jobUID] = gang
        let members = Set(views.values.filter { $0.member?.jobUID == gang.jobUID }.map(\.uid))
        let holders = held.values.filter { $0.member?.jobUID == gang.jobUID }.map(\.uid)
        return members.union(holders).sorted().flatMap { judge($0, at: now) }
    }

    private mutating func loseGang(_ job: JobUID) -> [SliceEffect] {
        gangs[job] = nil
        return []
    }

    private mutating func renew(
        _ sentAt: Instant, _ incarnation: IncarnationID, _ start: StartID, _ wantsInventory: Bool, at now: Instant
    ) -> [SliceEffect] {
        let holdsNothing = isScanned && held.isEmpty && strays.isEmpty
        let changes = standing.renewed(
            sentAt: sentAt, incarnation: incarnation, start: start, holdsNothing: holdsNothing)
        lastRenewal = max(sentAt, lastRenewal ?? sentAt)
        let renewal = Renewal(boot: bootID, incarnation: incarnation, sentAt: sentAt)
        for uid in deadlines.keys { _ = deadlines[uid]?.extend(renewal, at: now) }
        return trust(sentAt) + perform(changes) + settleStrays(at: now) + judgeAll(at: now)
            + sendInventory(isWanted: wantsInventory || standing.owesInventory, at: now)
    }

    private mutating func turnAway(_ wantsInventory: Bool, at now: Instant) -> [SliceEffect] {
        standing.turnedAway()
        return sendInventory(isWanted: wantsInventory, at: now)
    }

    private mutating func scanned(at now: Instant) -> [SliceEffect] {
        isScanned = true
        return settleStrays(at: now) + judgeAll(at: now) + rebind(isNeeded: !held.isEmpty)
    }

    mutating func perform(_ changes: [ControllerStanding.Change]) -> [SliceEffect] {
        changes.map { change in
            switch change {
            case .relist(let number):
                return .relist(number)
            case .known(let incarnation):
                memory.incarnation = incarnation
                // What another life of the store acknowledged this one may not know.
                finished = [:]
                refused = [:]
                return .remember
            }
        }
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
        case .reserved where grant.epoch <= refused[uid] ?? Epoch(0):
            return []
        case .reserved where !view.isDeleting && !gangIsOver(for: view.member):
            return take(view, grant, at: now)
        case .reserved, .prepared, .active, .releasing, .scrubbing, .lost:
            return giveBack(view, grant)
        }
    }

    /// A grant on Committed: hold its shares and prepare, or refuse.
    private mutating func take(_ view: SliceView, _ grant: SliceGrant, at now: Instant) -> [SliceEffect] {
        guard isScanned, standing.maySpeak, standing.hasList, strays.isEmpty, !holdsUnknownShares,
            gang(of: view.member, is: .committed), !isDistrusted(grant)
        else { return [] }
        if let message = unkeepable(grant) { return refuse(view, grant, .pastDeadline, message) }
        switch book.accept(grant.judged(for: view.uid), renewedAt: lastRenewal, timeToKill: timeToKill, at: now) {
        case .accepted(let deadline):
            deadlines[view.uid] = deadline
            return [.prepare(hold(view, grant, .preparing, plan(for: view.uid, grant)))]
        case .alreadyHeld:
            return []
        case .refused(.pastDeadline, _):
            // Nothing is wrong with the grant: the next acknowledged renewal decides.
            return []
        case .refused(let reason, let message):
            return refuse(view, grant, reason, message)
        }
    }

    private mutating func refuse(
        _ view: SliceView, _ grant: SliceGrant, _ reason: GrantRefusal, _ message: String
    ) -> [SliceEffect] {
        refused[view.uid] = grant.epoch
        return [.refuse(view, reason, message: message)]
    }

    /// Why this machine is too slow for the grant: a margin of more than half of `after` leaves no room for three
    /// heartbeats, of which one may be lost.
    private func unkeepable(_ grant: SliceGrant) -> String? {
        guard let after = grant.stopAfter, timeToKill > after / 2 else { return nil }
        let (taken, allowed) = (timeToKill.wholeNanoseconds / 1_000_000, after.wholeNanoseconds / 1_000_000)
        return "ending a task took \(taken) ms on this node lately, too long for a task that must end in \(allowed) ms"
    }

    /// The controller believes that this node has something of the slice, or asks for its end, and there is nothing: look
    /// once more on the machine, then say so. A task that ran here has no record, so it is Lost; unless this node remembers
    /// its end, and the store is one that has forgotten it.
    ///
    /// Only a node that the controller accepts may say so: another machine under the same name knows nothing of it. And only
    /// to a store that is known (section 4, Restore): while a restored one is put together again, it decides by inventories
    /// which attempts go on, and a claim about an older one, Lost or not, would come between.
    private mutating func giveBack(_ view: SliceView, _ grant: SliceGrant) -> [SliceEffect] {
        guard isScanned, standing.mayConclude else { return [] }
        let wasActive = view.state == .active || view.activeAt != nil
        if let end = remembered(view, grant), !wasActive || end.hasOutcome {
            held[view.uid] = end
            return [.report(end)]
        }
        let known = memory.alive?.known(
            SliceKey(uid: view.uid, epoch: grant.epoch), of: grant.bootID, seenAt: nil, startedAt: view.activeAt)
        let outcome = wasActive ? TaskVerdict.lost(startedAt: view.activeAt, ranFor: known ?? .zero) : nil
        // Its shares are held until the machine was looked at: a process may be left.
        book.adopt(grant.judged(for: view.uid))
        return [.empty(hold(view, grant, .emptying(startedAt: view.activeAt, outcome: outcome)))]
    }

    private mutating func hold(
        _ view: SliceView, _ grant: SliceGrant, _ phase: HeldSlice.Phase, _ plan: SlicePlan? = nil
    ) -> HeldSlice {
        let slice = HeldSlice(
            uid: view.uid, namespace: view.namespace, name: view.name, member: view.member, grant: grant, phase: phase,
            plan: plan)
        held[view.uid] = slice
        return slice
    }

    /// What a held slice does next, given all that is known.
    mutating func advance(_ before: HeldSlice, at now: Instant) -> [SliceEffect] {
        var slice = before
        let isNewStop = slice.stop == nil
        if isNewStop { slice.stop = orders[slice.key] ?? stopRequest(for: slice) }
        held[slice.uid] = slice
        switch slice.phase {
        case .preparing, .starting, .emptying:
            return []
        case .released:
            return forgetUnheard(slice, at: now)
        case .prepared where slice.stop != nil:
            return empty(slice, startedAt: nil, outcome: nil)
        case .prepared where isPastDeadline(slice, at: now):
            return empty(slice, startedAt: nil, outcome: TaskVerdict.fencedBeforeStart)
        case .prepared:
            guard standing.maySpeak, gang(of: slice.member, is: .started), distrusted[slice.uid] == nil else {
                return []
            }
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
}
