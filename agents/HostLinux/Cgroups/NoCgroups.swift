/// The driver of a machine on which no cgroup can be used: nothing is bounded, and it says so.
package struct NoCgroups: CgroupDriver {
    package let unenforced: [String]
    package var tree: CgroupTree? { nil }

    /// - Parameter reason: why, as the end of a sentence.
    package init(reason: String) {
        unenforced = ["CPU, memory, process and device limits are not enforced: \(reason)."]
    }

    package func files(of group: SliceGroup) -> SliceGroupFiles { SliceGroupFiles() }
    package func processCount(_ group: SliceGroup) -> Int { 0 }
    package func oomKills(_ group: SliceGroup) -> Int64 { 0 }
    package func cpuNanoseconds(_ group: SliceGroup) -> Int64? { nil }
    package func memoryBytes(_ group: SliceGroup) -> Int64? { nil }
    package func pressure(_ group: SliceGroup) -> [Pressure.Resource: Pressure] { [:] }
    package func freeze(_ group: SliceGroup) {}
    package func thaw(_ group: SliceGroup) {}
    package func isFrozen(_ group: SliceGroup) -> Bool { true }
    package func kill(_ group: SliceGroup) {}
    package func remove(_ group: SliceGroup) {}
    package func groups() -> [SliceGroup] { [] }
}
