import TidemillHostLinux
import TidemillNodeCore

/// Performs the steps of plans, and undoes them. It decides nothing: what is to be done is in the plan. Canaries are run by
/// the host, which can wait for them.
struct PlanExecutor {
    /// Where cgroups are; nil where there are none, and then no plan speaks of any.
    private let tree: CgroupTree?
    /// The step, counted from the agent's start, before which the agent ends itself; for tests of what it leaves behind.
    private let diesAt: Int?
    private var performed = 0

    init(tree: CgroupTree?, diesAt: Int? = nil) {
        self.tree = tree
        self.diesAt = diesAt
    }

    /// Counts a step that is about to be performed.
    mutating func begin() {
        performed += 1
        if performed == diesAt { OwnProcess.kill() }
    }

    mutating func perform(_ action: SliceAction) throws(HostError) {
        begin()
        switch action {
        case .makeFolder(let path, let mode): try HostFile.makeFolder(path, mode: mode)
        case .makeGroup(let path): try groups().makeGroup(path)
        case .write(let path, let value): try groups().write(value, to: path)
        case .throttle(let path, let value): try groups().throttle(value, at: path)
        case .filterDevices(let path, let rules): try groups().filterDevices(rules, of: path)
        case .confirm(let path, let value):
            let found = try groups().read(path)
            guard found == value else {
                throw .unexpected("\(path) must say '\(value)', and says '\(found)'")
            }
        case .probe: break
        }
    }

    /// Adds what was done to the record. Throws `.busy` while a process is left. Page caches are dropped by the host, which can
    /// wait for it.
    mutating func perform(_ undo: SliceUndo, _ record: inout ScrubRecord) throws(HostError) {
        begin()
        switch undo {
        case .removeGroup(let path):
            guard HostFile.exists(path) else { return }
            try groups().removeGroup(path)
            record.groups += 1
        case .dropCache: break
        }
    }

    private func groups() throws(HostError) -> CgroupTree {
        guard let tree else { throw .unexpected("there are no cgroups on this machine any more") }
        return tree
    }
}
