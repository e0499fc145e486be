import Testing
import TidemillDevices

@Suite struct CatalogueTests {
    @Test func `every vendor has a model that is told by its PCI numbers`() {
        let known = Set(
            Vendor.all.filter { vendor in
                (UInt16.min...UInt16.max).contains {
                    DeviceCatalogue.builtIn.model(PCIIDs(vendor.pciVendor, $0)) != nil
                }
            }.map(\.name))
        // No source tells a number of Biren's: its cards are told by the vendor's.
        #expect(known == Set(Vendor.all.map(\.name)).subtracting(["biren"]))
        #expect(Vendor.all.count == 13)
    }

    @Test func `figures come in base units`() throws {
        let model = try #require(DeviceCatalogue.builtIn.model(PCIIDs(0x10DE, 0x20B2)))
        #expect(model.vendor == "nvidia")
        #expect(model.memoryBytes == 80 << 30)
        #expect(model.rates.fp16 == 312e12)
        #expect(model.cuts.contains("mig"))
    }

    private static let head = DeviceCatalogueText.head

    @Test(arguments: [
        ("acme,1,,X,,,,,,,,,,s", "vendor 'acme' is none of"),
        ("nvidia,20b2,,,,,,,,,,,,s", "model '' must not be empty"),
        ("nvidia,20b2,,X,,,,,,,,,,", "source '' must say"),
        ("nvidia,20zz,,X,,,,,,,,,,s", "20zz, which is no PCI device id"),
        ("nvidia,20b2,,X,much,,,,,,,,,s", "memoryGiB 'much' is no number"),
        ("nvidia,20b2,,X,-1,,,,,,,,,s", "memoryGiB '-1' is no number"),
        ("nvidia,20b2", "has 2 cells, and 14 columns are there"),
        ("nvidia,20b2,,\"X,,,,,,,,,,s", "a quote is opened and never closed"),
    ])
    func `a bad line is told with its number`(_ line: String, _ what: String) {
        let error = #expect(throws: CatalogueError.self) { try DeviceCatalogue(parsing: Self.head + "\n" + line) }
        #expect(error?.line == 2)
        #expect(error?.message.contains(what) == true, "\(String(describing: error))")
    }

    @Test func `an operator's models win over those that are built in`() throws {
        var catalogue = DeviceCatalogue.builtIn
        try catalogue.add(Self.head + "\nnvidia,20b2,My Card,\"Card, \"\"mine\"\"\",1.5,,,,,,,,mig sriov,mine\n")
        let model = try #require(catalogue.model(PCIIDs(0x10DE, 0x20B2)))
        #expect(model.name == "Card, \"mine\"")
        #expect(model.memoryBytes == 3 << 29)
        #expect(catalogue.model(vendor: "nvidia", name: "My Card") == model)
    }

    @Test func `faults ask for what their vendor says`() {
        let faults = FaultCatalogue.builtIn
        #expect(faults.entry(library: "nvml", code: "79") != nil)
        #expect(faults.entry(library: "nvml", code: "109")?.action == .resetDevice)
        #expect(faults.entry(library: "nvml", code: "94")?.action == .restartTask)
        #expect(faults.entry(library: "nvml", code: "100000") == nil)
        #expect((faults.sizes["dcmi"] ?? 0) > 700)
    }
}

/// The first line of every catalogue.
enum DeviceCatalogueText {
    static let head = "vendor,ids,names,model,memoryGiB,memoryType,bandwidthGBs,fp64,fp32,fp16,int8,watts,cuts,source"
}
