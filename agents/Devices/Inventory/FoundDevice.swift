/// How much is known of a device, each level on top of the one before. A level is claimed only when it was reached on this
/// machine.
package enum DeviceLevel: String, Hashable, Sendable, CaseIterable, Comparable {
    /// From sysfs alone: no driver is needed.
    case identified = "Identified"
    /// Its vendor's library tells how it does.
    case measured = "Measured"
    /// The agent can hand out the device, or parts of it, now.
    case sliceable = "Sliceable"

    package static func < (a: DeviceLevel, b: DeviceLevel) -> Bool { a.rank < b.rank }

    private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

/// Why a level was not reached.
package struct LevelGap: Hashable, Sendable {
    package var level: DeviceLevel
    /// A word, such as `NoDriver`.
    package var reason: String
    /// A sentence that says what would change it.
    package var message: String

    package init(_ level: DeviceLevel, _ reason: String, _ message: String) {
        self.level = level
        self.reason = reason
        self.message = message
    }
}

/// By what a device is known again, strongest first.
package enum DeviceIdentity: Hashable, Sendable {
    /// What the card itself carries.
    case uuid(String)
    case serial(String)
    /// The place in which it sits: another card in that place cannot be told from it.
    case slot(PCIAddress)

    package var text: String {
        switch self {
        case .uuid(let uuid): uuid
        case .serial(let serial): "serial-\(serial)"
        case .slot(let address): "slot-\(address)"
        }
    }

    /// It goes with the card, wherever that is put.
    package var isOfCard: Bool {
        if case .slot = self { false } else { true }
    }
}

/// An accelerator of this machine, with all that is known of it.
package struct FoundDevice: Hashable, Sendable {
    package var vendor: Vendor
    package var function: PCIFunction
    package var identity: DeviceIdentity
    /// From the vendor's library, else the catalogue, else pci.ids, else its numbers.
    package var modelName: String
    /// What the catalogue has of it.
    package var model: DeviceModel?
    /// What its vendor's library says of it.
    package var measured: LibraryDevice?
    /// The library's version, and the driver's.
    package var libraryVersion: String?
    package var driverVersion: String?
    package var gaps: [LevelGap]
    /// Programming interfaces that offer it.
    package var runtimes: [LibraryRuntime] = []

    package init(vendor: Vendor, function: PCIFunction, identity: DeviceIdentity, modelName: String) {
        self.vendor = vendor
        self.function = function
        self.identity = identity
        self.modelName = modelName
        gaps = []
    }

    /// The highest level below the first gap.
    package var level: DeviceLevel {
        guard let first = gaps.map(\.level).min() else { return .sliceable }
        return DeviceLevel.allCases.last { $0 < first } ?? .identified
    }

    /// What the library says, else what the catalogue has.
    package var memoryBytes: Int64? { measured?.memoryBytes ?? model?.memoryBytes }
}
