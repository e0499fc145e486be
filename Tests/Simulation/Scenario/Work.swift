import TidemillModel
import TidemillSeams
import TidemillStore
import TidemillWire

/// What a user or an operator asks for, and when.
package struct Work: Sendable, CustomStringConvertible {
    /// A job as it is submitted.
    struct JobShape: Sendable {
        var size: Int
        var milliCPU: Int64
        /// Nil is `keep`.
        var after: Duration?
        var retries: Int
        /// Milliseconds that its tasks take.
        var lasts: ClosedRange<Int>
        var failsPerMille: Int
    }

    enum Ask: Sendable {
        case submit(JobShape)
        case delete(job: Int)
        case edit(job: Int, after: Duration?)
        case resize(job: Int, size: Int)
        case cordon(machine: Int, Bool)
        case drain(machine: Int, Bool)
        case maintain(machine: Int, Bool)
        case taint(machine: Int, Bool)

        var isAboutNodes: Bool {
            switch self {
            case .cordon, .drain, .maintain, .taint: true
            case .submit, .delete, .edit, .resize: false
            }
        }
    }

    var at: Duration
    var number: Int
    var ask: Ask

    package var description: String { "\(at) \(number): \(ask)" }

    /// One line of the table: how often, and what.
    private typealias Line = (weight: Int, draw: @Sendable (Dice, _ jobs: Int) -> Ask)

    private static let table: [Line] = [
        (6, { dice, _ in .submit(shape(dice, size: 1)) }),
        (4, { dice, _ in .submit(shape(dice, size: 2 + dice.below(2))) }),
        (
            3,
            { dice, _ in .submit(shape(dice, size: 1 + dice.below(2), after: .milliseconds(1500 + dice.below(1500)))) }
        ),
        (3, { dice, _ in .submit(shape(dice, size: 1 + dice.below(2), isKept: true)) }),
        (2, { dice, jobs in .delete(job: dice.below(jobs + 1)) }),
        (2, { dice, jobs in .edit(job: dice.below(jobs + 1), after: dice.oneIn(2) ? .milliseconds(1500) : nil) }),
        (1, { dice, _ in .cordon(machine: dice.below(8), dice.oneIn(2)) }),
        (2, { dice, _ in .drain(machine: dice.below(8), !dice.oneIn(3)) }),
        (1, { dice, _ in .maintain(machine: dice.below(8), !dice.oneIn(3)) }),
        (1, { dice, _ in .taint(machine: dice.below(8), !dice.oneIn(3)) }),
    ]

    private static func shape(
        _ dice: Dice, size: Int, after: Duration? = nil, isKept: Bool = false
    ) -> JobShape {
        let stop = after ?? .milliseconds(3000 + dice.below(9000))
        return JobShape(
            size: size, milliCPU: Int64(500 * (1 + dice.below(4))),
            after: isKept || (after == nil && dice.oneIn(4)) ? nil : stop, retries: dice.below(3),
            lasts: dice.oneIn(2) ? 8000...40_000 : 300...9000, failsPerMille: dice.pick([0, 100, 300]))
    }

    static func drawn(_ dice: Dice, until end: Duration) -> [Work] {
        let total = table.reduce(0) { $0 + $1.weight }
        let milliseconds = Int(end.wholeNanoseconds / 1_000_000)
        var work: [Work] = []
        var jobs = 0
        let times = (0..<(3 + dice.below(10))).map { _ in dice.milliseconds(500...(milliseconds * 3 / 4)) }.sorted()
        for (number, at) in times.enumerated() {
            var left = dice.below(total)
            guard
                let line = table.first(where: { line in
                    left -= line.weight
                    return left < 0
                })
            else { continue }
            let ask = number == 0 ? Ask.submit(shape(dice, size: 1 + dice.below(2))) : line.draw(dice, jobs)
            if case .submit = ask { jobs += 1 }
            work.append(Work(at: at, number: number, ask: ask))
        }
        return work
    }
}

extension Work {
    /// Gangs that are resized, in some histories; drawn apart, so that what the other histories are stays what it was.
    static func resizes(_ dice: Dice, until end: Duration) -> [Work] {
        guard dice.oneIn(3) else { return [] }
        let milliseconds = Int(end.wholeNanoseconds / 1_000_000)
        return (0..<(1 + dice.below(3))).map { index in
            Work(
                at: dice.milliseconds(1000...(milliseconds * 3 / 4)), number: 1000 + index,
                ask: .resize(job: dice.below(4), size: 1 + dice.below(3)))
        }
    }
}

extension World {
    /// Schedules everything that is asked for. Who asks tries again while the controller is away.
    func scheduleWork() {
        var jobs = 0
        for item in scenario.work {
            if case .submit(let shape) = item.ask {
                shapes["job-\(item.number)"] = shape
                jobs += 1
            }
            engine.after(item.at, on: network) { [self] in try await ask(item, tries: 0) }
        }
    }

    private func ask(_ item: Work, tries: Int) async throws {
        guard tries < 60 else { return }
        let again: () -> Void = { [self] in
            engine.after(.milliseconds(500), on: network) { [self] in try await ask(item, tries: tries + 1) }
        }
        guard controller.isAlive, controller.runner.executes else { return again() }
        do {
            try await controller.accept { try await write(item, $0) }
            note("operator", "\(item.ask)")
        } catch let error as APIError {
            switch error {
            case .notFound, .alreadyExists, .invalid: break
            default: again()
            }
        }
    }

    private func job(_ number: Int) -> Kinds.Job? {
        let submitted = view.sortedJobs
        return submitted.isEmpty ? nil : submitted[number % submitted.count]
    }

    private func write(_ item: Work, _ resources: Resources) async throws {
        // An operator who was kept waiting until all is mended has no reason left.
        if isMended, item.ask.isAboutNodes { return }
        switch item.ask {
        case .submit(let shape):
            try await resources.transact([.create(shape.job("job-\(item.number)"))])
        case .delete(let number):
            guard let job = job(number) else { return }
            try await resources.transact([.delete(job.ref, revision: nil)])
        case .edit(let number, let after):
            guard var job = job(number), !job.status.state.isFinal else { return }
            job.spec.onDisconnect =
                after.map { Kinds.OnDisconnect(policy: .stop, after: APIDuration($0)) }
                ?? Kinds.OnDisconnect(policy: .keep)
            try await resources.transact([.update(job)])
            edited.insert(job.metadata.uid)
        case .resize(let number, let size):
            guard var job = job(number), !job.status.state.isFinal else { return }
            job.spec.gang.min = Int64(size)
            try await resources.transact([.update(job)])
        case .cordon(let machine, let isOn):
            try await change(machine, resources) { $0.unschedulable = isOn }
        case .drain(let machine, let isOn):
            let now = Timestamp(controller.wall)
            try await change(machine, resources) {
                $0.drain = isOn ? Kinds.Drain(timeout: APIDuration(.seconds(20)), force: true, startedAt: now) : nil
            }
        case .maintain(let machine, let isOn):
            try await change(machine, resources) { $0.maintenance = isOn }
        case .taint(let machine, let isOn):
            let now = Timestamp(controller.wall)
            try await change(machine, resources) {
                $0.taints = isOn ? [Kinds.Taint(key: "broken", effect: .noExecute, timeAdded: now)] : []
            }
        }
    }

    private func change(
        _ machine: Int, _ resources: Resources, _ edit: (inout Kinds.NodeSpec) -> Void
    ) async throws {
        let name = machines[machine % scenario.machines].node.rawValue
        guard var node = try await resources.read(Kinds.Node.self, name: name) else { return }
        edit(&node.spec)
        try await resources.transact([.update(node)])
    }

    /// The operators are done with their nodes.
    func reopenNodes() {
        for index in 0..<scenario.machines {
            operate("opens \(machines[index].node)") { [self] resources in
                try await change(index, resources) { spec in
                    spec.unschedulable = false
                    spec.drain = nil
                    spec.maintenance = false
                    spec.taints = []
                }
            }
        }
    }

    /// Writes something for an operator, who tries again until it is written.
    func operate(_ what: String, tries: Int = 0, _ body: @escaping (Resources) async throws -> Void) {
        engine.after(.milliseconds(tries == 0 ? 1 : 500), on: network) { [self] in
            guard tries < 200 else { return }
            guard controller.isAlive, controller.runner.executes else {
                return operate(what, tries: tries + 1, body)
            }
            do {
                try await controller.accept(body)
                note("operator", what)
            } catch is APIError {
                operate(what, tries: tries + 1, body)
            }
        }
    }
}

extension Work.JobShape {
    func job(_ name: String) -> Kinds.Job {
        Kinds.Job(
            metadata: ObjectMeta(name: name, namespace: "default"),
            spec: Kinds.JobSpec(
                gang: Kinds.Gang(min: Int64(size)),
                slice: Kinds.SliceRequest(cpu: Quantity(milliCPU: milliCPU), memory: Quantity(bytes: 256 << 20)),
                template: Kinds.TaskTemplate(command: ["true"]), retries: Int64(retries),
                onDisconnect: after.map { Kinds.OnDisconnect(policy: .stop, after: APIDuration($0)) }
                    ?? Kinds.OnDisconnect(policy: .keep)))
    }
}
