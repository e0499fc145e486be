import TidemillLease

/// What the shell does for the core. Every effect on a slice first makes the slice's state durable in the journal; `watch`
/// and `stop` try to, and do not wait for a journal that cannot be written.
///
/// Effects of one slice never overlap, but for `report`, `keep`, `stop`, `freeze` and `thaw`: the core asks for the next
/// only after the last one's event.
package enum SliceEffect: Hashable, Sendable {
    /// Perform the slice's plan, then `bind`; answers `prepared`, `prepareFailed` or `unproven`. Harmless when it was done
    /// before.
    case prepare(HeldSlice)
    /// Launch the shim, armed with the deadline; answers `started` or `startFailed`.
    case start(HeldSlice, Deadline?)
    /// Wait for the shim's end; answers `shimEnded`.
    case watch(HeldSlice)
    /// Ask the shim to end the task, and kill it when it does not.
    case stop(HeldSlice)
    /// Stop the task where it stands, until `thaw`. What counts when both are under way is `isFrozen` of the core.
    case freeze(HeldSlice)
    case thaw(HeldSlice)
    /// End what is left, wait until nothing is, undo the plan; answers `emptied`.
    case empty(HeldSlice)
    /// Bind all slices to the CPUs that `bindings` of the core names.
    case bind
    /// Tell the controller, again and again until it acknowledges; answers `releaseAcknowledged` or `unheard` for a slice
    /// that is released. Which report takes the place of which is said by `PendingReports`.
    case report(HeldSlice)
    /// Keep the slice's state in the journal; the controller is told later.
    case keep(HeldSlice)
    /// Tell the controller that the grant is not taken.
    case refuse(SliceView, GrantRefusal, message: String)
    /// Remove journal entry and files; only the epoch stays known.
    case forget(HeldSlice)
    /// List slices and gangs anew; `listed` and `gangsListed` name this number once they answer a request that began after
    /// this effect.
    case relist(Int)
    /// Send `inventory(of:)`; answers `inventoryAnswered` or `inventoryUnanswered`.
    case sendInventory
    /// Keep the core's `memory` in the journal. Nobody waits for it.
    case remember
}
