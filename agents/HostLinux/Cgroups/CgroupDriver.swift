/// The cgroups of slices: where they are, what is in them, and how that is stopped and ended. Their limits are set by plans,
/// through `tree`. One implementation per cgroup version; the agent sees this only.
///
/// Every group is below the configured root, in `slices/UID.EPOCH`, with a sibling `shims/UID.EPOCH` for the shim, so
/// that freezing, out-of-memory ends and kills of the slice never reach its shim. A driver touches no other group.
package protocol CgroupDriver: Sendable {
    /// What cannot be enforced on this machine, a sentence each with its reason; empty when everything is.
    var unenforced: [String] { get }

    /// Where groups are made; nil where none can be.
    var tree: CgroupTree? { get }

    /// What the shim of this slice must join, read and clear.
    func files(of group: SliceGroup) -> SliceGroupFiles

    /// How many processes are left in the slice's groups and in groups below them; the shim is not one of them.
    func processCount(_ group: SliceGroup) throws(HostError) -> Int

    /// How many processes of the slice the kernel ended for want of memory.
    func oomKills(_ group: SliceGroup) throws(HostError) -> Int64

    /// CPU time that the slice has used, in nanoseconds; nil where it is not accounted.
    func cpuNanoseconds(_ group: SliceGroup) throws(HostError) -> Int64?

    /// Memory that the slice uses now, in bytes; nil where it is not accounted.
    func memoryBytes(_ group: SliceGroup) throws(HostError) -> Int64?

    /// How much the slice waits for CPU, memory and disks; empty where the kernel does not tell.
    func pressure(_ group: SliceGroup) -> [Pressure.Resource: Pressure]

    /// Asks the kernel to stop the slice where it stands. It may take a moment, and on v1 a second asking: repeat until
    /// `isFrozen`. Where nothing can freeze, nothing happens, and `unenforced` says so.
    func freeze(_ group: SliceGroup) throws(HostError)
    func thaw(_ group: SliceGroup) throws(HostError)

    /// Whether the whole slice stands still; true where nothing can freeze, so that nobody waits for it.
    func isFrozen(_ group: SliceGroup) throws(HostError) -> Bool

    /// Sends SIGKILL to every process of the slice and lets it take effect, also on a frozen one, and to a shim that hangs
    /// in its group: one that may still record an end is waited for first. Repeat until `processCount` is 0.
    func kill(_ group: SliceGroup) throws(HostError)

    /// Removes the slice's groups and its shim's; throws `busy` while a process is left. Gone already is no error.
    func remove(_ group: SliceGroup) throws(HostError)

    /// Every slice of which a group exists below the root, in order of name.
    func groups() throws(HostError) -> [SliceGroup]
}
