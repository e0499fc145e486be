import TidemillLease
import TidemillModel
import TidemillSeams

extension SlicePlan {
    /// Processes and threads of one slice.
    package static let pidsPerSlice: Int64 = 4096

    /// The plan for a grant that gets `cut` on a machine with these abilities.
    package static func make(_ key: SliceKey, _ cut: SliceCut, _ abilities: HostAbilities) -> SlicePlan {
        var writer = PlanWriter(key: key, cut: cut, abilities: abilities)
        writer.steps.append(
            SliceStep(.makeFolder(path: "\(abilities.slicesFolder)/\(key)", mode: 0o700)))
        switch abilities.groups?.version {
        case .version1: writer.addVersion1()
        case .version2: writer.addVersion2()
        case nil: break
        }
        let unenforced =
            abilities.unenforced + abilities.unthrottled
            + abilities.omitted.sorted().map { "'\($0)' is left out on purpose, for a test." }
        return SlicePlan(
            steps: writer.steps, cut: cut, grade: unenforced.isEmpty ? .enforced : .advisory, unenforced: unenforced,
            cpusFile: writer.cpusFile)
    }
}

/// Writes the steps of one plan; what both versions of cgroups have in common.
struct PlanWriter {
    let key: SliceKey
    let cut: SliceCut
    let abilities: HostAbilities
    var steps: [SliceStep] = []
    var cpusFile: String?

    /// The slice's group below the folder of a controller; nil when the machine has none, or a test leaves it out.
    func group(_ controller: String, as mechanism: String) -> String? {
        guard let root = abilities.groups?.roots[controller], !abilities.omitted.contains(mechanism) else { return nil }
        return "\(root)/slices/\(key)"
    }

    func isLeftOut(_ mechanism: String) -> Bool { abilities.omitted.contains(mechanism) }

    mutating func write(_ path: String, _ value: String) {
        steps.append(SliceStep(.write(path: path, value: value)))
    }

    mutating func throttle(_ path: String, _ value: String) {
        steps.append(SliceStep(.throttle(path: path, value: value)))
    }

    mutating func confirm(_ path: String, _ value: String) {
        steps.append(SliceStep(.confirm(path: path, value: value)))
    }

    /// Groups of the slice and of its shim, everywhere.
    mutating func makeGroups(_ groups: GroupAbilities) {
        for folder in groups.folders {
            for kind in ["shims", "slices"] {
                let path = "\(folder)/\(kind)/\(key)"
                steps.append(SliceStep(.makeGroup(path: path), undo: .removeGroup(path: path)))
            }
        }
    }

    /// Memory in the unit in which the kernel counts it.
    func pages(_ bytes: Int64) -> String { String(bytes / abilities.pageBytes * abilities.pageBytes) }

    var cpus: String { KernelList.text(cut.cpus) }
    var memoryNodes: String { KernelList.text(cut.memoryNodes) }

    mutating func addDeviceFilter() {
        guard let group = group("devices", as: "devices") else { return }
        steps.append(SliceStep(.filterDevices(path: group, rules: DeviceRule.base)))
    }
}

/// The limits under which a canary runs: small enough that it meets them at once.
enum ProbeLimits {
    static let memoryBytes: Int64 = 8 << 20
    /// A fifth of a CPU: the kernel takes no quota below 1 ms, and a canary must not wait long for its next period.
    static let quotaMicroseconds: Int64 = 1000
    static let periodMicroseconds: Int64 = 5000
}

/// CPU time as the kernel is told it: so much in each period.
struct Quota {
    var quotaMicroseconds: Int64
    var periodMicroseconds: Int64

    /// The kernel takes quotas from 1 ms and periods up to 1 s, so that the least is 1 milli-CPU.
    init(milliCPU: Int64) {
        periodMicroseconds = milliCPU < 10 ? 1_000_000 : 100_000
        quotaMicroseconds = max(1000, milliCPU * periodMicroseconds / 1000)
    }
}
