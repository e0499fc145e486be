import TidemillModel
import TidemillNodeCore
import TidemillSeams
import TidemillStore
import TidemillWire

/// One of an agent's two mirrors: it lists, watches from there, and lists again when it must. Events of one connection come
/// in order; a connection may break at any moment.
final class AgentWatch {
    enum Kind: CaseIterable {
        case slices, gangs
    }

    /// A change, as the agent is told of it.
    enum Notice {
        case slice(Kinds.Slice, isGone: Bool)
        case gang(Kinds.Job, isGone: Bool)
    }

    let kind: Kind
    unowned let process: AgentProcess
    /// Everything up to here was reported; nil before the first list.
    private var reached: Revision?
    /// Changes up to here were sent on this connection.
    var sent = Revision(0)
    private var lastArrival = Instant(nanoseconds: 0)
    /// The connection, or the try to get one.
    private var turn = 0
    var isBroken = true {
        didSet { if isBroken, !oldValue { broke() } }
    }

    init(kind: Kind, process: AgentProcess) {
        self.kind = kind
        self.process = process
    }

    private var machine: Machine { process.machine }
    private var world: World { process.world }

    func begin() { later(1...60) }

    /// Lists or watches after a while; whatever is under way counts no longer.
    private func later(_ milliseconds: ClosedRange<Int>) {
        turn += 1
        let mine = turn
        machine.engine.after(machine.dice.milliseconds(milliseconds), on: process.runner) { [self] in
            guard mine == turn else { return }
            if reached == nil { list() } else { open() }
        }
    }

    /// Demands a fresh list.
    func relist() {
        reached = nil
        isBroken = true
        later(1...20)
    }

    private func list() {
        let (mine, demand) = (turn, process.demand)
        world.call(process, timeout: .seconds(30)) { [self] controller in
            try await controller.serve { resources in
                switch kind {
                case .slices:
                    let all = try await resources.readAll(Kinds.Slice.self)
                    return (all.objects.map { Notice.slice($0, isGone: false) }.filter(concerns), all.revision)
                case .gangs:
                    let all = try await resources.readAll(Kinds.Job.self)
                    return (all.objects.map { Notice.gang($0, isGone: false) }.filter(concerns), all.revision)
                }
            }
        } then: { [self] result in
            guard mine == turn else { return }
            guard case .success(let (notices, revision)) = result else { return later(10...1500) }
            world.note(machine.name, "has a list of \(kind) at \(revision)")
            reached = revision
            process.synced(kind, notices, revision, demand)
            open()
        }
    }

    private func open() {
        guard let from = reached else { return list() }
        let mine = turn
        world.call(process, timeout: .seconds(30)) { [self] controller -> Bool in
            // The server's memory of changes ends where its process's store began another life.
            guard from <= world.disk.file.state.revision, from >= world.disk.file.state.compacted else { return false }
            // Late, or doubled on the way.
            guard mine == turn, isBroken else { return true }
            world.note(machine.name, "watches \(kind) after \(from)")
            sent = from
            isBroken = false
            controller.watches.append(self)
            pump(controller)
            return true
        } then: { [self] result in
            guard mine == turn, isBroken else { return }
            if case .success(false) = result { reached = nil }
            later(10...1500)
        }
    }

    /// Sends what happened since.
    func pump(_ controller: ControllerProcess) {
        guard !isBroken else { return }
        let link = machine.link
        let mine = turn
        for event in world.disk.file.state.log.after(sent) {
            sent = event.revision
            guard let notice = world.view.notice(of: event, for: self) else { continue }
            let revision = event.revision
            let arrival = max(lastArrival, machine.engine.now + machine.netDice.microseconds(200...4000))
            lastArrival = arrival
            machine.engine.at(arrival, on: process.runner) { [self] in
                guard mine == turn, !isBroken else { return }
                if link.isDownCut {
                    isBroken = true
                    return
                }
                if machine.netDice.chance(link.lossPerMille / 10) {
                    isBroken = true
                    return
                }
                reached = max(revision, reached ?? revision)
                process.applied(kind, notice, revision)
            }
        }
    }

    /// Tells that everything up to now was sent.
    func bookmark(_ controller: ControllerProcess) {
        pump(controller)
        let (mine, revision) = (turn, world.disk.file.state.revision)
        sent = max(sent, revision)
        lastArrival = max(lastArrival, machine.engine.now + machine.netDice.microseconds(200...4000))
        machine.engine.at(lastArrival, on: process.runner) { [self] in
            guard mine == turn, !isBroken, !machine.link.isDownCut else { return }
            reached = max(revision, reached ?? revision)
            process.progressed(kind, revision)
        }
    }

    func concerns(_ notice: Notice) -> Bool {
        let node = machine.node.rawValue
        return switch notice {
        case .slice(let slice, _): slice.status.grant?.node == node
        case .gang(let job, _): job.status.gang?.nodes.contains(node) == true
        }
    }

    /// Nobody tells a reader of a connection that is gone; it notices by and by.
    private func broke() {
        world.note(machine.name, "loses its watch of \(kind)")
        world.controller.watches.removeAll { $0 === self }
        later(10...8000)
    }
}

/// What the watches bring, as `SliceKeeper+Watching` does it.
extension AgentProcess {
    func synced(_ kind: AgentWatch.Kind, _ notices: [AgentWatch.Notice], _ revision: Revision, _ demand: Int) {
        switch kind {
        case .slices:
            let slices = notices.compactMap { if case .slice(let slice, _) = $0 { slice } else { nil } }
            writer.keep(only: Set(slices.map { SliceUID($0.metadata.uid) }))
            for slice in slices { writer.note(slice) }
            feed(.listed(slices.map(SliceView.init), under: demand))
            appliedSlices = max(appliedSlices, revision)
            sweep()
        case .gangs:
            let jobs = notices.compactMap { if case .gang(let job, _) = $0 { job } else { nil } }
            feed(.gangsListed(jobs.compactMap(GangView.init), under: demand))
            appliedGangs = max(appliedGangs, revision)
        }
    }

    func progressed(_ kind: AgentWatch.Kind, _ revision: Revision) {
        switch kind {
        case .slices: appliedSlices = max(appliedSlices, revision)
        case .gangs: appliedGangs = max(appliedGangs, revision)
        }
    }

    func applied(_ kind: AgentWatch.Kind, _ notice: AgentWatch.Notice, _ revision: Revision) {
        switch notice {
        case .slice(let slice, let isGone):
            let uid = SliceUID(slice.metadata.uid)
            if isGone {
                writer.drop(uid)
                feed(.gone(uid))
                sweep()
            } else {
                writer.note(slice)
                feed(.seen(SliceView(slice)))
            }
            appliedSlices = max(appliedSlices, revision)
        case .gang(let job, let isGone):
            if isGone {
                feed(.gangGone(JobUID(job.metadata.uid)))
            } else if let gang = GangView(job) {
                feed(.gangSeen(gang))
            }
            appliedGangs = max(appliedGangs, revision)
        }
    }
}
