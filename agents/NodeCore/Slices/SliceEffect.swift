import TidemillLease

/// What the shell does for the core. Every effect first makes the slice's state durable in the journal.
///
/// Effects of one slice never overlap, but for `report` and `stop`: the core asks for the next only after the last one's
/// event.
package enum SliceEffect: Hashable, Sendable {
    /// Make the cgroups and set their limits; answers `prepared` or `prepareFailed`. Harmless when they exist.
    case prepare(HeldSlice)
    /// Launch the shim, armed with the deadline; answers `started` or `startFailed`.
    case start(HeldSlice, Deadline?)
    /// Wait for the shim's end; answers `shimEnded`.
    case watch(HeldSlice)
    /// Ask the shim to end the task, and kill it when it does not.
    case stop(HeldSlice)
    /// End what is left, wait until nothing is, remove the cgroups; answers `emptied`.
    case empty(HeldSlice)
    /// Tell the controller, again and again until it acknowledges. A later report of the slice replaces an earlier one.
    case report(HeldSlice)
    /// Tell the controller that the grant is not taken.
    case refuse(SliceView, GrantRefusal, message: String)
    /// Remove journal entry and files; only the epoch stays known.
    case forget(HeldSlice)
}
