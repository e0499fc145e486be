/// All models that are known, found by PCI numbers or by the name that a vendor's library gives.
package struct DeviceCatalogue: Sendable {
    private var byIDs: [PCIIDs: DeviceModel] = [:]
    /// By vendor and name.
    private var byName: [String: DeviceModel] = [:]
    package private(set) var count = 0

    /// The one that is built in.
    package static let builtIn: DeviceCatalogue = {
        do throws(CatalogueError) {
            return try DeviceCatalogue(parsing: CatalogueText.models)
        } catch {
            preconditionFailure("the catalogue that is built in cannot be read: \(error)")
        }
    }()

    /// Knows nothing.
    package init() {}

    /// Reads the form of `agents/Devices/Catalogue/models.csv`.
    package init(parsing text: String) throws(CatalogueError) {
        try add(text)
    }

    /// Adds the models of another text, which win over those that are known.
    package mutating func add(_ text: String) throws(CatalogueError) {
        let table = try CSVTable(text, columns: Self.columns)
        for row in table.rows {
            let model = try Self.model(row)
            count += 1
            for id in row["ids"].split(separator: " ") { byIDs[try Self.ids(id, row)] = model }
            for name in row["names"].split(separator: "|") { byName["\(model.vendor)/\(name)"] = model }
        }
    }

    /// The model of these numbers: that of the subsystem where it is known.
    package func model(_ ids: PCIIDs) -> DeviceModel? { byIDs[ids] ?? byIDs[PCIIDs(ids.vendor, ids.device)] }

    /// The model that a vendor's library calls `name`.
    package func model(vendor: String, name: String) -> DeviceModel? { byName["\(vendor)/\(name)"] }

    static let columns = [
        "vendor", "ids", "names", "model", "memoryGiB", "memoryType", "bandwidthGBs", "fp64", "fp32", "fp16", "int8",
        "watts", "cuts", "source",
    ]

    private static func model(_ row: CSVTable.Row) throws(CatalogueError) -> DeviceModel {
        guard Vendor.named(row["vendor"]) != nil else {
            throw row.error("vendor", "is none of \(Vendor.all.map(\.name).joined(separator: ", "))")
        }
        if row["model"].isEmpty { throw row.error("model", "must not be empty") }
        if row["source"].isEmpty { throw row.error("source", "must say where the figures were read") }
        var model = DeviceModel(vendor: row["vendor"], name: row["model"], source: row["source"])
        model.memoryBytes = try row.number("memoryGiB", most: 1_048_576).map { Int64($0 * 1_073_741_824) }
        model.memoryType = row["memoryType"].isEmpty ? nil : row["memoryType"]
        model.bytesPerSecond = try row.number("bandwidthGBs", most: 1e6).map { $0 * 1e9 }
        model.rates = DeviceRates(
            fp64: try rate(row, "fp64"), fp32: try rate(row, "fp32"), fp16: try rate(row, "fp16"),
            int8: try rate(row, "int8"))
        model.watts = try row.number("watts", most: 20_000)
        model.cuts = row["cuts"].split(separator: " ").map(String.init)
        return model
    }

    /// Written in trillions.
    private static func rate(_ row: CSVTable.Row, _ column: String) throws(CatalogueError) -> Double? {
        try row.number(column, most: 1e6).map { $0 * 1e12 }
    }

    /// `20b5`, or `20b5/10de:1533` with the numbers of the subsystem.
    private static func ids(_ text: Substring, _ row: CSVTable.Row) throws(CatalogueError) -> PCIIDs {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        let subsystem = parts.count == 2 ? parts[1].split(separator: ":", omittingEmptySubsequences: false) : []
        guard let vendor = Vendor.named(row["vendor"])?.pciVendor, let device: UInt16 = Hex.number(parts[0]) else {
            throw row.error("ids", "has \(text), which is no PCI device id such as 20b5")
        }
        if parts.count == 1 { return PCIIDs(vendor, device) }
        guard parts.count == 2, subsystem.count == 2, let subvendor: UInt16 = Hex.number(subsystem[0]),
            let subdevice: UInt16 = Hex.number(subsystem[1])
        else { throw row.error("ids", "has \(text), which is no PCI device id such as 20b5/10de:1533") }
        return PCIIDs(vendor, device, subsystem: (subvendor, subdevice))
    }
}

/// Why a catalogue cannot be read: the line, and what is wrong with it.
package struct CatalogueError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Counted from 1.
    package var line: Int
    package var message: String

    package var description: String { "line \(line): \(message)" }
}
