import TidemillLease
import TidemillModel
import TidemillNodeCore
import TidemillSeams

/// What slices need of a machine: cgroups, shims, files. The shipped one is `LinuxSliceHost`; the simulation has its own.
///
/// Every call may block and may be repeated: each is harmless when its work is done already.
package protocol SliceHost: Sendable {
    /// Performs the slice's plan. What a canary found, when the plan has one; `.unproven` when it does not hold.
    func prepare(_ slice: HeldSlice) async throws(SliceHostError) -> SliceProof?
    /// Binds slices to CPUs, unless later bindings were met already. Slices that are gone are passed over.
    func bind(_ bindings: CPUBindings) async throws(SliceHostError)
    /// Launches the shim and waits until it has recorded the start. `.nothingRan` means exactly that.
    func start(_ slice: HeldSlice, _ template: Kinds.TaskTemplate, deadline: Deadline?) async throws(SliceHostError)
        -> RunningTask
    /// Lets a canary look at a running slice, without harm to it; nil where none can, or none came back.
    func probe(_ slice: HeldSlice) async -> SliceProof?
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
    /// Ends what is left of a grant and undoes its plan. What was undone, or nil while a process is left; `.hindered` while
    /// something else of it is.
    func empty(_ slice: HeldSlice) async throws(SliceHostError) -> ScrubRecord?
    /// What is there of a grant. Ends what was launched but never recorded a start.
    func remains(of key: SliceKey) async -> Remains
    /// Every grant of which a cgroup or a file exists.
    func found() async throws(SliceHostError) -> [SliceKey]
    /// Keeps the logs of each tenant within its bound; `tenants` says whose the grants' are.
    func capLogs(_ tenants: [SliceKey: String]) async
    /// Removes the files of a grant, logs included.
    func discard(_ key: SliceKey) async
}

/// Why the machine did not do what a slice needs.
package enum SliceHostError: Error, Hashable, Sendable {
    case failed(String)
    /// The task was surely not started: the sentence says why.
    case nothingRan(TaskOutcome)
    /// The slice was made, and a canary got out of it or could not try.
    case unproven(SliceProof)

    /// No slice can be made any more before the agent starts anew: its cgroups were taken away.
    case groupsGone
    /// The slice cannot be released yet.
    case hindered(ReleaseObstacle)

    /// A sentence for people.
    package var message: String {
        switch self {
        case .failed(let message): message
        case .nothingRan(let outcome): outcome.message
        case .unproven(let proof): proof.complaint
        case .hindered(let obstacle): obstacle.message
        case .groupsGone: "the agent's cgroups were taken away"
        }
    }
}
