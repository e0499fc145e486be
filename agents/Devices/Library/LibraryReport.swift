/// What a vendor's library says of a machine's devices, in base units. What it did not say is absent.
package struct LibraryReport: Hashable, Sendable {
    /// The library's name here, as in `Vendor.library`.
    package var library: String
    /// The file that was loaded.
    package var file: String?
    package var version: String?
    /// Version of the kernel driver beneath it.
    package var driver: String?
    package var devices: [LibraryDevice] = []
    /// What was refused or not believed, a sentence each.
    package var problems: [String] = []

    package init(_ library: String, file: String? = nil) {
        self.library = library
        self.file = file
    }
}

/// One device as its vendor's library describes it.
package struct LibraryDevice: Hashable, Sendable {
    /// Its place in the library's own count.
    package var index: Int
    package var address: PCIAddress?
    /// An identity that the card carries; nil where the library makes one up or has none.
    package var uuid: String?
    package var serial: String?
    package var name: String?
    package var firmware: String?
    package var memoryBytes: Int64?
    /// What tells the model from others, as in Device status.attributes.
    package var attributes: [String: String] = [:]
    package var health: LibraryHealth?
    /// Faults that the library reports now.
    package var faults: [DeviceFault] = []
    package var usage = DeviceUsage()
    package var links: [LibraryLink] = []
    /// Programming interfaces through which work was run on it.
    package var runtimes: [LibraryRuntime] = []
    /// Ways to divide it that are on now, such as `mig`.
    package var cuts: [String] = []
    /// Calls that this device or driver does not offer.
    package var unsupported: [String] = []

    package init(index: Int, address: PCIAddress? = nil) {
        self.index = index
        self.address = address
    }
}

/// The library's own word on a device.
package enum LibraryHealth: String, Hashable, Sendable, CaseIterable {
    case healthy, degraded, unhealthy
}

/// A fault as its vendor numbers it.
package struct DeviceFault: Hashable, Sendable {
    /// As in the fault catalogue: a number, or 0x and hexadecimal digits.
    package var code: String
    package var text: String?

    package init(_ code: String, _ text: String? = nil) {
        self.code = code
        self.text = text
    }
}

/// A direct link to another device.
package struct LibraryLink: Hashable, Sendable {
    package var peer: PCIAddress
    /// `nvlink`, `hccs`, `xgmi`, …
    package var type: String
    /// In one direction.
    package var bytesPerSecond: Int64?

    package init(peer: PCIAddress, type: String, bytesPerSecond: Int64? = nil) {
        self.peer = peer
        self.type = type
        self.bytesPerSecond = bytesPerSecond
    }
}

/// A programming interface, and whether work ran through it.
package struct LibraryRuntime: Hashable, Sendable {
    /// Such as `opencl`.
    package var name: String
    package var version: String?
    /// What the interface calls the device.
    package var device: String?
    /// What ran, and what came of it.
    package var proved: String?
    /// Its device is the machine's CPUs.
    package var isOfCPU: Bool

    package init(_ name: String, isOfCPU: Bool = false) {
        self.name = name
        self.isOfCPU = isOfCPU
    }
}

/// Figures of one moment, in base units; those that are not known are nil.
package struct DeviceUsage: Hashable, Sendable {
    package var memoryUsedBytes: Int64?
    /// Part of the time in which the device computed, 0 to 1.
    package var compute: Double?
    /// Part of the time in which its memory was read or written, 0 to 1.
    package var memoryBusy: Double?
    package var watts: Double?
    package var wattsLimit: Double?
    /// Since some moment of the driver's choice; only grows.
    package var joules: Double?
    package var celsius: Double?
    package var memoryCelsius: Double?
    package var clockHertz: Int64?
    package var memoryClockHertz: Int64?
    package var eccCorrected: Int64?
    package var eccUncorrected: Int64?

    package init() {}

    package var isEmpty: Bool { self == DeviceUsage() }
}
