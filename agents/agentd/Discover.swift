import ArgumentParser
import Foundation
import TidemillDaemon
import TidemillDevices
import TidemillHostLinux
import TidemillModel
import TidemillNodeAgent
import TidemillSeams
import TidemillWire
import TidemillYAML

/// `tidemill-agent discover`
struct Discover: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "discover",
        abstract: "Show the devices of this machine as the agent would register them. Needs no controller and no root.")

    enum Output: String, ExpressibleByArgument, CaseIterable {
        case table, json, yaml
    }

    @Option(name: .shortAndLong, help: "table, json or yaml.") var output = Output.table
    @Option(name: .long, help: "Name of the Node.") var node = ProcessInfo.processInfo.hostName.lowercased()
    @Option(name: .long, help: "Look at the folders sys, proc and dev below this one, in place of the machine's own.")
    var root: String?
    @Option(name: .long, help: "A catalogue of models that wins over the one that is built in, a CSV file.")
    var models: String?
    @Option(name: .customLong("pci-ids"), help: "Where pci.ids is.") var pciIDs: String?
    @Option(name: .long, help: "Seconds that a vendor's library has for its answer.") var deadline = 30

    func validate() throws {
        guard (1...600).contains(deadline) else {
            throw ValidationError("--deadline \(deadline) is not between 1 and 600 seconds")
        }
    }

    func run() async throws {
        let roots = root.map(HostRoots.init(below:)) ?? HostRoots()
        let deadline = Duration.seconds(deadline)
        let finder = DeviceFinder(
            roots: roots, catalogue: try catalogue(), namesPaths: pciIDs.map { [$0] } ?? PCINames.paths,
            makeProbe: { LibraryProbe($0, deadline: deadline, firstDeadline: deadline, sleep: systemSleep) })
        let findings = try await finder.find()
        await finder.end()
        let listing = DeviceListing(report: try report(roots, findings.inventory), at: SystemTime().wall())
        switch output {
        case .table: print(listing.table)
        case .json: print(listing.json.prettyText, terminator: "")
        case .yaml: print(YAMLWriter.text(listing.json), terminator: "")
        }
    }

    private func catalogue() throws -> DeviceCatalogue {
        guard let models else { return .builtIn }
        var catalogue = DeviceCatalogue.builtIn
        do throws(CatalogueError) {
            try catalogue.add(String(decoding: FileManager.default.contents(atPath: models) ?? Data(), as: UTF8.self))
        } catch {
            throw ValidationError("--models \(models), \(error)")
        }
        return catalogue
    }

    /// What cannot be enforced is found by the agent that runs: here slices are not made.
    private func report(_ roots: HostRoots, _ inventory: DeviceInventory) throws -> NodeReport {
        // Containers may hide the boot id; without it nothing is granted, and nothing is here.
        let bootID = (try? HostFacts.bootID(path: roots.proc + "/sys/kernel/random/boot_id")) ?? BootID("unknown")
        let domains = try NUMAProbe(sysfsRoot: roots.sysfs, procRoot: roots.proc).domains()
        return NodeReport(
            MachineFacts(
                node: NodeID(node), bootID: bootID, machineID: "discover", kernelVersion: HostFacts.kernelVersion(),
                agentVersion: agentVersion, cpuModel: CPUModel.read(procRoot: roots.proc), domains: domains,
                details: CPUDetails.all(of: domains, sysfsRoot: roots.sysfs), unenforced: []),
            inventory: inventory)
    }
}

/// `tidemill-agent library NAME`: the process in which a vendor's library lives. Started by the agent itself.
struct ServeLibrary: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "library", shouldDisplay: false)

    @Argument(help: "Name of the library.") var name: String

    func run() throws {
        guard let library = Libraries.named(name) else {
            throw ValidationError(
                "no library is called \(name): \(Libraries.all.map { $0.name }.joined(separator: ", "))")
        }
        LibraryProcess.serve(library)
    }
}
