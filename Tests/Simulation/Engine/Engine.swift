import TidemillSeams

/// What the simulation does next.
typealias Action = () async throws -> Void

/// All that is going to happen, in one order: by instant, then by the order of asking. Nothing happens beside it.
final class Engine {
    private struct Item {
        var at: Instant
        var sequence: UInt64
        var runner: Runner
        var action: Action

        func isBefore(_ other: Item) -> Bool { (at, sequence) < (other.at, other.sequence) }
    }

    /// The true time, which no part of the system can read.
    private(set) var now = Instant(nanoseconds: 0)
    private var heap: [Item] = []
    private var sequence: UInt64 = 0

    func after(_ delay: Duration, on runner: Runner, _ action: @escaping Action) {
        at(now + max(.zero, delay), on: runner, action)
    }

    func at(_ instant: Instant, on runner: Runner, _ action: @escaping Action) {
        guard !runner.isDead else { return }
        sequence += 1
        heap.append(Item(at: max(now, instant), sequence: sequence, runner: runner, action: action))
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].isBefore(heap[parent]) else { break }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    /// Does the next thing that is due until `end`; false when there is none. What a halted runner should do waits.
    func step(until end: Instant) async throws -> Bool {
        guard let first = heap.first, first.at <= end else {
            now = max(now, end)
            return false
        }
        let item = pop(first)
        now = item.at
        if item.runner.isDead { return true }
        if item.runner.executes { try await item.action() } else { item.runner.deferred.append(item.action) }
        return true
    }

    /// Nothing will happen any more.
    func end() { heap = [] }

    private func pop(_ first: Item) -> Item {
        let last = heap.removeLast()
        guard !heap.isEmpty else { return first }
        heap[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && heap[child].isBefore(heap[least])
            {
                least = child
            }
            if least == parent { return first }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}

/// Something that executes: the world, a machine's kernel, a process. What it should do while it is halted, or while what
/// carries it is, happens when it goes on; what a dead one should do never happens.
final class Runner {
    let name: String
    private let parent: Runner?
    private var children: [Runner] = []
    private(set) var isDead = false
    private var isHalted = false
    fileprivate(set) var deferred: [Action] = []

    init(_ name: String, in parent: Runner? = nil) {
        self.name = name
        self.parent = parent
        parent?.children.append(self)
    }

    var executes: Bool { !isDead && !isHalted && (parent?.executes ?? true) }
    var isStopped: Bool { isHalted }

    func halt() { isHalted = true }

    /// Goes on. Answers what its own level put off, to be done at once: a kernel's timers fire before any process runs.
    func resume(_ engine: Engine) -> [Action] {
        isHalted = false
        guard executes else { return [] }
        let own = deferred
        deferred = []
        for child in children { child.flush(engine) }
        return own
    }

    private func flush(_ engine: Engine) {
        guard executes else { return }
        for action in deferred { engine.after(.zero, on: self, action) }
        deferred = []
        for child in children { child.flush(engine) }
    }

    func die() {
        isDead = true
        deferred = []
        for child in children { child.die() }
        children = []
        parent?.children.removeAll { $0 === self }
    }
}
