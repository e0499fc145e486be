import TidemillNodeCore
import TidemillSeams

/// When one task was active, by the boot clock of its machine.
final class ActiveTime {
    let key: SliceKey
    let boot: BootID
    let start: Instant
    /// When its last user code ran.
    var end: Instant?
    /// What its shim wrote down, once that is durable.
    var recordedEnd: Instant?

    init(key: SliceKey, boot: BootID, start: Instant) {
        self.key = key
        self.boot = boot
        self.start = start
    }
}

/// What really happened on the machines, kept apart from what anyone believes.
final class Truth {
    /// Tasks of which user code may execute now, paused and frozen ones included.
    private(set) var executing: [SimulatedShim] = []
    private(set) var active: [SliceKey: ActiveTime] = [:]
    /// Grants for which a shim was launched, and how often.
    private(set) var launches: [SliceKey: Int] = [:]

    func launched(_ shim: SimulatedShim) {
        launches[shim.key, default: 0] += 1
    }

    func began(_ shim: SimulatedShim, at start: Instant) -> ActiveTime {
        executing.append(shim)
        let time = ActiveTime(key: shim.key, boot: shim.machine.bootID, start: start)
        active[shim.key] = time
        return time
    }

    func ended(_ shim: SimulatedShim) {
        executing.removeAll { $0 === shim }
    }
}
