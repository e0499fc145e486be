import Foundation
import Logging
import TidemillDaemon
import TidemillHostLinux
import TidemillLease
import TidemillModel
import TidemillNodeAgent
import TidemillNodeCore
import TidemillRig
import TidemillSeams

/// The part of the shipped agent that makes slices hold, on groups and folders of its own: plans as it makes them, the
/// executor that carries them out, the shim that was built beside this program. No controller and no journal.
struct SliceStage {
    let host: LinuxSliceHost
    let programs = Programs()
    let folder: String
    private let driver: any CgroupDriver
    private let abilities: HostAbilities
    private let bootID: BootID
    /// The device from which all slices draw: the first NUMA domain.
    private let device: DeviceID

    init() throws {
        let name = "bench-\(ProcessInfo.processInfo.processIdentifier)"
        folder = NSTemporaryDirectory() + "tidemill-" + name
        try HostFile.makeFolder(folder, mode: 0o700)
        bootID = try HostFacts.bootID()
        driver = try CgroupHierarchy.detect().driver(root: "tidemill/\(name)")
        let report = NodeReport(
            MachineFacts(
                node: NodeID(name), bootID: bootID, machineID: name, kernelVersion: HostFacts.kernelVersion(),
                agentVersion: "bench", cpuModel: nil, domains: try NUMAProbe().domains(),
                unenforced: driver.unenforced))
        guard let first = report.cpuDevices.first, report.facts.unenforced.isEmpty else {
            throw RigError("slices do not hold on this machine: \(report.facts.unenforced.joined(separator: " "))")
        }
        device = first.id
        abilities = HostAbilities.find(
            driver: driver, devices: report.cpuDevices, stateFolder: folder, canProbe: true)
        var settings = LinuxSliceHost.Settings(
            stateFolder: folder, pagePath: folder + "/lease-page", procRoot: "/proc", bootID: bootID,
            grade: report.facts.grade, logMaxBytes: 16 << 20, logFiles: 4)
        settings.confinement = ConfinementSettings(
            isRoot: true, hiddenFolders: ["/root", "/home", "/boot", folder], sharedFolders: [programs.folder])
        host = LinuxSliceHost(
            settings: settings, driver: driver, launcher: ShimLauncher(program: programs.path("tidemill-shim")),
            sleep: systemSleep, logger: Logger(label: "bench"))
    }

    /// A slice with its plan, as an agent that holds `others` makes it.
    /// - Parameter isProbed: false leaves the canary out, to see what it costs.
    func slice(
        _ name: String, milliCPU: Int64, memoryBytes: Int64 = 64 << 20, beside others: [HeldSlice] = [],
        isProbed: Bool = true
    ) -> HeldSlice {
        var abilities = abilities
        abilities.canProbe = isProbed
        let key = SliceKey(uid: SliceUID(name), epoch: Epoch(1))
        let grant = SliceGrant(
            bootID: bootID, epoch: key.epoch, token: Token(1),
            shares: [HeldShare(device: device, milliCPU: milliCPU, memoryBytes: memoryBytes, cardUnits: .zero)])
        let cut = CoreBook(domains: abilities.domains, held: others).cut(grant, mayBeWhole: abilities.bindsCPUs)
        return HeldSlice(
            uid: key.uid, namespace: "bench", name: name, member: nil, grant: grant, phase: .preparing,
            plan: SlicePlan.make(key, cut, abilities))
    }

    /// On which CPUs these slices run, as an agent that holds them binds them; numbered by the clock.
    func bindings(of slices: [HeldSlice]) -> CPUBindings {
        let book = CoreBook(domains: abilities.domains, held: slices)
        let entries = slices.compactMap { slice -> CPUBindings.Entry? in
            guard let plan = slice.plan, !plan.cut.isWhole, let file = plan.cpusFile else { return nil }
            return CPUBindings.Entry(
                key: slice.key, file: file, cpus: KernelList.text(book.sharedCPUs(of: slice.grant)))
        }
        return CPUBindings(number: Int(Kernel.bootNanoseconds()), entries: entries)
    }

    /// Prepares a slice; what its canary found must hold.
    func prepare(_ slice: HeldSlice) async throws {
        let proof = try await host.prepare(slice)
        guard slice.plan?.probe == nil || proof?.holds == true else {
            throw RigError("\(slice.name) was prepared without proof: \(proof?.evidence ?? [])")
        }
    }

    func start(_ slice: HeldSlice, _ command: [String]) async throws -> RunningTask {
        try await host.start(slice, Kinds.TaskTemplate(command: command), deadline: nil)
    }

    /// Gives a slice back, asking as often and as soon again as an agent does.
    func release(_ slice: HeldSlice) async throws {
        for _ in 0..<200 {
            if try await host.empty(slice) != nil { return }
            try await systemSleep(.milliseconds(50))
        }
        throw RigError("a process of \(slice.name) does not end")
    }

    /// What a task of the slice wrote.
    func log(of slice: HeldSlice) throws -> String {
        try HostFile.readText(SliceFolder(stateFolder: folder, key: slice.key).log)
    }

    /// Ends and removes everything, also of slices that a failed run left.
    func tearDown() async throws {
        for key in try await host.found() {
            if let running = await host.remains(of: key).running { await host.kill(running) }
            let group = SliceGroup(sliceUID: key.uid, epoch: key.epoch)
            try await Patience.untilTrue("nothing is left of \(key)") {
                try driver.kill(group)
                do throws(HostError) {
                    try driver.remove(group)
                    return true
                } catch .busy {
                    // Its shim has not ended yet.
                    return false
                }
            }
        }
        driver.tree?.removeRoot()
        try FileManager.default.removeItem(atPath: folder)
    }
}
