import TidemillSeams

/// The name of a slice's cgroups: which slice, under which grant. At its start an agent learns from these names what was
/// running.
package struct SliceGroup: Hashable, Sendable, CustomStringConvertible {
    package let sliceUID: SliceUID
    package let epoch: Epoch

    package init(sliceUID: SliceUID, epoch: Epoch) {
        self.sliceUID = sliceUID
        self.epoch = epoch
    }

    /// The folder's name, `UID.EPOCH`.
    package var name: String { "\(sliceUID.rawValue).\(epoch.rawValue)" }

    package var description: String { name }

    /// Nil when the folder's name is not one of ours.
    package init?(name: String) {
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex,
            let epoch = Int64(name[name.index(after: dot)...]), epoch > 0
        else { return nil }
        sliceUID = SliceUID(String(name[..<dot]))
        self.epoch = Epoch(epoch)
    }

    /// Whether the name may be a folder's: letters, digits and `-`, as uids have them.
    var isSafe: Bool {
        let uid = sliceUID.rawValue.utf8
        return !uid.isEmpty && uid.count <= 128
            && uid.allSatisfy { ($0 | 0x20) >= 97 && ($0 | 0x20) <= 122 || $0 >= 48 && $0 <= 57 || $0 == 45 }
    }
}

/// The files of a slice's groups that its shim needs; copied into `ShimSpec.groups` (TidemillLease).
package struct SliceGroupFiles: Hashable, Sendable {
    /// `cgroup.procs` of every group that the task joins.
    package var taskProcs: [String] = []
    /// `cgroup.procs` of the sibling groups that the shim joins.
    package var shimProcs: [String] = []
    /// `cgroup.kill` of the slice's v2 group.
    package var killFile: String?
    /// `freezer.state` (v1) or `cgroup.freeze` (v2) of the slice.
    package var freezerFile: String?
    /// `memory.oom_control` (v1) or `memory.events` (v2).
    package var oomFile: String?
}
