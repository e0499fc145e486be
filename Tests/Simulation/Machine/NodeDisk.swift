import TidemillLease
import TidemillNodeCore
import TidemillSeams

/// What lasts on a machine: the agent's journal and the files of slices.
final class NodeDisk {
    /// Files of one grant. Each is durable once its write returns, and never half there.
    struct Files {
        var hasSpec = false
        var isRevoked = false
        var started: StartedRecord?
        var ended: EndRecord?
    }

    /// The journal as it would be read after a power cut.
    struct Journal {
        var held: [SliceUID: HeldSlice] = [:]
        var released: [HeldSlice] = []
        /// What the cores keep beside the slices.
        var slices = SliceMemory()
        var heartbeats = HeartbeatMemory()
    }

    enum Write {
        case put(HeldSlice)
        case close(HeldSlice)
        case slices(SliceMemory)
        case heartbeats(HeartbeatMemory)
    }

    var dice = Dice(seed: 0, for: "disk")
    var journal = Journal()
    var files: [SliceKey: Files] = [:]
    /// A slow disk: each write takes up to this long.
    var slowness: Duration?
    /// Writes fail, as on a full disk.
    var isFull = false

    private var queue: [(write: Write, writer: AgentProcess, then: (Bool) -> Void)] = []
    private var isWriting = false

    /// One write after the other; `then` is told whether it is durable.
    func submit(_ write: Write, for writer: AgentProcess, then: @escaping (Bool) -> Void) {
        queue.append((write, writer, then))
        if !isWriting { next() }
    }

    private func next() {
        guard !queue.isEmpty else { return }
        isWriting = true
        let (write, writer, then) = queue.removeFirst()
        writer.machine.engine.after(latency(), on: writer.runner) { [self] in
            let isDone = !isFull
            if isDone { apply(write) }
            isWriting = false
            then(isDone)
            if !isWriting { next() }
        }
        onTheWay = write
    }

    private var onTheWay: Write?

    /// The process died: what it had handed to the kernel may or may not have become durable, the rest is lost.
    func writerDied() {
        if isWriting, let onTheWay, !isFull, dice.oneIn(2) { apply(onTheWay) }
        queue = []
        isWriting = false
        onTheWay = nil
    }

    func latency() -> Duration {
        if let slowness { return dice.milliseconds(5...max(6, Int(slowness.wholeNanoseconds / 1_000_000))) }
        return dice.microseconds(300...4000)
    }

    private func apply(_ write: Write) {
        onTheWay = nil
        switch write {
        case .put(let slice): journal.held[slice.uid] = slice
        case .close(let slice):
            if journal.held[slice.uid]?.key == slice.key { journal.held[slice.uid] = nil }
            journal.released.removeAll { $0.key == slice.key }
            journal.released.append(slice)
        case .slices(let memory): journal.slices = memory
        case .heartbeats(let memory): journal.heartbeats = memory
        }
    }
}
