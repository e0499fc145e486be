import TidemillHostLinux
import TidemillNodeCore
import TidemillSeams

extension SlicePlan {
    /// The plan of an agent for a slice that gets `cut`, on a machine with these groups.
    /// - Parameter omitted: mechanisms that a test does without.
    static func make(
        _ group: SliceGroup, _ cut: SliceCut, on tree: CgroupTree, omitted: Set<String> = []
    ) -> SlicePlan {
        let steersSwap = tree.roots["memory"].map { HostFile.exists($0 + "/slices/memory.swappiness") } ?? false
        let groups = GroupAbilities(
            version: tree.version == .version1 ? .version1 : .version2, roots: tree.roots, allCPUs: tree.allCPUs,
            allMemoryNodes: tree.allMemoryNodes, limitsSwap: tree.limitsSwap, steersSwap: steersSwap,
            endsAsGroup: tree.endsAsGroup)
        let abilities = HostAbilities(
            slicesFolder: "", groups: groups, domains: [:], pageBytes: HostTopology.pageBytes, omitted: omitted)
        return make(SliceKey(uid: group.sliceUID, epoch: group.epoch), cut, abilities)
    }

    /// Performs its steps, but for the folder of the slice's files: benches have their own.
    func carryOut(in tree: CgroupTree) throws(HostError) {
        for step in steps {
            switch step.action {
            case .makeFolder, .probe: break
            case .makeGroup(let path): try tree.makeGroup(path)
            case .write(let path, let value): try tree.write(value, to: path)
            case .throttle(let path, let value): try tree.throttle(value, at: path)
            case .filterDevices(let path, let rules): try tree.filterDevices(rules, of: path)
            case .confirm(let path, let value):
                let found = try tree.read(path)
                if found != value { throw .unexpected("\(path) says '\(found)', not '\(value)'") }
            }
        }
    }
}
