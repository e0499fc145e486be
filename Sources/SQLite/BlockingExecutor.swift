import Dispatch

/// Runs one actor's jobs on a queue of its own, so that calls which block (SQLite, cgroup files) hold up nobody else: the
/// cooperative pool has only as many threads as the machine has cores. The store and the agent's journal share it, and what
/// else of the agent blocks.
package final class BlockingExecutor: SerialExecutor {
    private let queue: DispatchQueue

    package init(label: String) {
        queue = DispatchQueue(label: label)
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }

    package func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }
}
