import TidemillLease
import TidemillModel
import TidemillNodeCore
import TidemillSeams

/// What slices need of a machine: cgroups, shims, files. The shipped one is `LinuxSliceHost`; the simulation has its own.
///
/// Every call may block and may be repeated: each is harmless when its work is done already.
package protocol SliceHost: Sendable {
    /// Makes the slice's cgroups and sets their limits.
    func prepare(_ slice: HeldSlice) async throws(SliceHostError)
    /// Launches the shim and waits until it has recorded the start. `.nothingRan` means exactly that.
    func start(_ slice: HeldSlice, _ template: Kinds.TaskTemplate, deadline: Deadline?) async throws(SliceHostError)
        -> RunningTask
    /// Waits until the shim is gone and reads what it left.
    func end(of slice: HeldSlice, _ task: RunningTask) async -> Remains
    /// Asks the shim to end the task.
    func askToEnd(_ task: RunningTask) async
    /// Kills the shim, and with it everything in its namespace.
    func kill(_ task: RunningTask) async
    /// Whether the task surely runs now.
    func isAlive(_ key: SliceKey, _ task: RunningTask) async -> Bool
    /// Stops everything of the grant where it stands; false while something still moves: ask again.
    func freeze(_ key: SliceKey) async throws(SliceHostError) -> Bool
    /// Lets it go on.
    func thaw(_ key: SliceKey) async throws(SliceHostError)
    /// Ends what is left of a grant and removes its cgroups. False while a process is left.
    func empty(_ key: SliceKey) async throws(SliceHostError) -> Bool
    /// What is there of a grant. Ends what was launched but never recorded a start.
    func remains(of key: SliceKey) async -> Remains
    /// Every grant of which a cgroup or a file exists.
    func found() async throws(SliceHostError) -> [SliceKey]
    /// Removes the files of a grant, logs included.
    func discard(_ key: SliceKey) async
}

/// Why the machine did not do what a slice needs.
package enum SliceHostError: Error, Hashable, Sendable {
    case failed(String)
    /// The task was surely not started: the sentence says why.
    case nothingRan(TaskOutcome)

    /// A sentence for people.
    package var message: String {
        switch self {
        case .failed(let message): message
        case .nothingRan(let outcome): outcome.message
        }
    }
}
