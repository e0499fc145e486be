import TidemillLease
import TidemillModel
import TidemillSeams

/// All that is done on a machine to make one slice hold, in order, and all that undoes it. Made once, from the grant and the
/// machine's abilities; journaled before its first step. Whoever carries it out makes no choices.
///
/// 1. Every step, and every undo, may be repeated: an agent that ended between two of them is followed by one that does the
///    whole again, or undoes the whole.
/// 2. A step touches only what the plan itself made.
/// 3. Undos are performed in reverse, after the last process has gone; the kernel keeps a group that has one.
package struct SlicePlan: Hashable, Sendable {
    package var steps: [SliceStep]
    /// What the slice gets.
    package var cut: SliceCut
    /// What the steps reach when all of them succeed.
    package var grade: Kinds.IsolationGrade
    /// Why the grade is not `enforced`, a sentence each.
    package var unenforced: [String]
    /// The file that says on which CPUs the slice may run; nil where nothing binds it.
    package var cpusFile: String?

    package init(
        steps: [SliceStep], cut: SliceCut, grade: Kinds.IsolationGrade, unenforced: [String], cpusFile: String? = nil
    ) {
        self.steps = steps
        self.cut = cut
        self.grade = grade
        self.unenforced = unenforced
        self.cpusFile = cpusFile
    }

    /// What undoes the plan, in order.
    package var undos: [SliceUndo] { steps.reversed().compactMap(\.undo) }

    /// The canary of the plan; nil without one.
    package var probe: ProbePlan? {
        for step in steps { if case .probe(let probe) = step.action { return probe } }
        return nil
    }
}

/// One thing to do, and what undoes it. Without an undo it goes away with what an earlier step made.
package struct SliceStep: Hashable, Sendable {
    package var action: SliceAction
    package var undo: SliceUndo?

    package init(_ action: SliceAction, undo: SliceUndo? = nil) {
        self.action = action
        self.undo = undo
    }
}

package enum SliceAction: Hashable, Sendable {
    /// A folder, and those above it.
    case makeFolder(path: String, mode: UInt32)
    /// A cgroup.
    case makeGroup(path: String)
    case write(path: String, value: String)
    /// Bounds what may be read and written of a disk that may be taken out.
    case throttle(path: String, value: String)
    /// Denies every device but these to what runs in the group.
    case filterDevices(path: String, rules: [DeviceRule])
    /// Lets a canary try to get out; fails when it does.
    case probe(ProbePlan)
    /// Fails unless the file says exactly this: the kernel took what was written.
    case confirm(path: String, value: String)
}

package enum SliceUndo: Hashable, Sendable {
    /// The group, and those that were made below it.
    case removeGroup(path: String)
    /// Drops what the kernel still keeps in memory for the group: written to `path`; `usage` says how much there is.
    case dropCache(path: String, value: String, usage: String)
}

/// What a canary tries in the slice's groups, under small limits that the steps before it have set.
package struct ProbePlan: Hashable, Sendable {
    package var checks: [ProbeSpec.Check]
    /// Its `nr_throttled` must grow.
    package var throttleFile: String?
    /// The only CPUs that may be given.
    package var cpus: String?
    /// None of which may be opened for writing.
    package var cgroupFiles: [String]

    package init(
        checks: [ProbeSpec.Check], throttleFile: String? = nil, cpus: String? = nil, cgroupFiles: [String] = []
    ) {
        self.checks = checks
        self.throttleFile = throttleFile
        self.cpus = cpus
        self.cgroupFiles = cgroupFiles
    }
}
