import TidemillDevices
import TidemillHostLinux
import TidemillModel
import TidemillSeams

/// What a look at the machine's accelerators came to.
package struct DeviceFindings: Hashable, Sendable {
    package var inventory: DeviceInventory
    /// What each library that was asked answered.
    package var answers: [String: DeviceInventory.Answer]

    package init(inventory: DeviceInventory, answers: [String: DeviceInventory.Answer] = [:]) {
        self.inventory = inventory
        self.answers = answers
    }
}

/// Looks for accelerators: sysfs first, then the libraries of the vendors whose cards are there. A library that fails takes
/// nothing but its own figures with it.
package actor DeviceFinder {
    private let roots: HostRoots
    private let catalogue: DeviceCatalogue
    private let namesPaths: [String]
    private let makeProbe: @Sendable (String) -> LibraryProbe
    private var probes: [String: LibraryProbe] = [:]
    /// What each library told last, and how often it has failed since.
    private var remembered: [String: (report: LibraryReport, failures: Int)] = [:]
    /// Names that were read, and what they were read for.
    private var namesKnown: (wanted: Set<PCIIDs>, names: PCINames)?
    /// Failures in a row after which what a library told stands no longer.
    private static let mostFailures = 2
    /// What programming interfaces offered, and the cards that were there.
    private var offered: (cards: [PCIAddress], answers: [String: DeviceInventory.Answer])?

    /// - Parameters:
    ///   - namesPaths: where `pci.ids` may be; the first that can be read counts.
    ///   - makeProbe: for a library's name.
    package init(
        roots: HostRoots = HostRoots(), catalogue: DeviceCatalogue = .builtIn, namesPaths: [String] = PCINames.paths,
        makeProbe: @escaping @Sendable (String) -> LibraryProbe
    ) {
        self.roots = roots
        self.catalogue = catalogue
        self.namesPaths = namesPaths
        self.makeProbe = makeProbe
    }

    /// Looks at everything once.
    package func find() async throws(HostError) -> DeviceFindings {
        let functions = try PCIScan(roots).functions()
        let wanted = Self.libraries(of: functions)
        for library in probes.keys where !wanted.contains(library) {
            // It would hold the driver of cards that are gone.
            await probes.removeValue(forKey: library)?.end()
            remembered[library] = nil
        }
        let answers = await ask(wanted).reduce(into: [:]) { $0[$1.key] = settled($1.key, $1.value) }
        let runtimes = await runtimes(functions)
        let cards = functions.filter { Vendor.of($0) != nil }
        let names = names(Set(cards.map(\.ids)))
        return DeviceFindings(
            inventory: DeviceInventory(
                functions: functions, answers: answers, runtimes: runtimes, catalogue: catalogue, names: names),
            answers: answers)
    }

    /// A library that fails now and then does not make its devices unknown each time: what it told stands for a while, without
    /// figures of the moment.
    private func settled(_ library: String, _ answer: DeviceInventory.Answer) -> DeviceInventory.Answer {
        switch answer {
        case .success(let report):
            remembered[library] = (report, 0)
            return answer
        case .failure:
            guard let (last, failures) = remembered[library], failures < Self.mostFailures else { return answer }
            remembered[library] = (last, failures + 1)
            var report = last
            for index in report.devices.indices {
                let limit = report.devices[index].usage.wattsLimit
                report.devices[index].usage = DeviceUsage()
                report.devices[index].usage.wattsLimit = limit
            }
            return .success(report)
        }
    }

    /// Ends the processes in which libraries live.
    package func end() async {
        for probe in probes.values { await probe.end() }
        probes = [:]
    }

    /// Libraries that have something to tell: those of cards with a driver of their vendor's.
    static func libraries(of functions: [PCIFunction]) -> Set<String> {
        Set(
            functions.compactMap { function in
                guard let driver = function.driver, driver != "vfio-pci" else { return nil }
                return Vendor.of(function)?.library
            })
    }

    /// All at the same time: each has its own deadline.
    private func ask(_ libraries: Set<String>) async -> [String: DeviceInventory.Answer] {
        for library in libraries where probes[library] == nil { probes[library] = makeProbe(library) }
        let probes = probes.filter { libraries.contains($0.key) }
        return await withTaskGroup(of: (String, DeviceInventory.Answer).self) { group in
            for (library, probe) in probes { group.addTask { (library, await probe.ask()) } }
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
    }

    /// What programming interfaces offer: asked once for a set of cards, and not kept in memory. They tell of the machine that
    /// is here, whatever folder is looked at.
    private func runtimes(_ functions: [PCIFunction]) async -> [String: DeviceInventory.Answer] {
        guard roots.sysfs == HostRoots().sysfs else { return [:] }
        let cards = functions.filter { Vendor.of($0) != nil }.map(\.address)
        if let offered, offered.cards == cards { return offered.answers }
        let libraries = Set(Libraries.runtimes.map { $0.name })
        let answers = await ask(libraries)
        for library in libraries { await probes.removeValue(forKey: library)?.end() }
        // One that could not be asked is asked again.
        let isSettled = answers.values.allSatisfy { answer in
            if case .failure(let failure) = answer { failure.reason == LibraryFailure.notFoundReason } else { true }
        }
        if isSettled { offered = (cards, answers) }
        return answers
    }

    private func names(_ wanted: Set<PCIIDs>) -> PCINames {
        if wanted.isEmpty { return PCINames() }
        if let namesKnown, namesKnown.wanted == wanted { return namesKnown.names }
        var names = PCINames()
        for path in namesPaths {
            // A system without the file has no names to give.
            guard let bytes = try? HostFile.read(path, limit: 8 << 20) else { continue }
            names = PCINames(parsing: bytes, wanted: wanted)
            break
        }
        namesKnown = (wanted, names)
        return names
    }
}
