/// What sysfs says of one PCI function. What could not be read, or was not what it must be, is absent and named among the
/// `problems`.
package struct PCIFunction: Hashable, Sendable {
    package var address: PCIAddress
    package var ids: PCIIDs
    /// Class, subclass and programming interface, 24 bits: 0x030200 is a 3D controller.
    package var classCode: UInt32
    package var revision: UInt8?
    /// The NUMA node that it is closest to; nil where the firmware does not say (sysfs: -1).
    package var numaNode: Int?
    /// CPUs that are closest to it, as a kernel list.
    package var localCPUs: String?
    package var link: PCILink?
    package var iommuGroup: Int?
    /// Name of the driver that is bound.
    package var driver: String?
    /// The function that this one is a virtual function of.
    package var physicalFunction: PCIAddress?
    /// How many virtual functions it can have, and has; nil when it can have none.
    package var virtualFunctions: (most: Int, now: Int)? {
        get { mostVirtualFunctions.map { ($0, virtualFunctionsNow) } }
        set { (mostVirtualFunctions, virtualFunctionsNow) = (newValue?.most, newValue?.now ?? 0) }
    }
    private var mostVirtualFunctions: Int?
    private var virtualFunctionsNow = 0
    /// Bridges between the root and the function, outermost first.
    package var bridges: [PCIAddress] = []
    /// Its device nodes below /dev, such as `dri/renderD128`, sorted.
    package var nodes: [DeviceNode] = []
    /// What was wrong with what sysfs said, a sentence each.
    package var problems: [String] = []

    package init(address: PCIAddress, ids: PCIIDs, classCode: UInt32) {
        self.address = address
        self.ids = ids
        self.classCode = classCode
    }
}

/// The numbers by which a PCI function is known.
package struct PCIIDs: Hashable, Sendable {
    package var vendor: UInt16
    package var device: UInt16
    package var subsystemVendor: UInt16?
    package var subsystemDevice: UInt16?

    package init(_ vendor: UInt16, _ device: UInt16, subsystem: (vendor: UInt16, device: UInt16)? = nil) {
        self.vendor = vendor
        self.device = device
        subsystemVendor = subsystem?.vendor
        subsystemDevice = subsystem?.device
    }
}

/// Speed and width of a PCI Express link, now and at most.
package struct PCILink: Hashable, Sendable {
    /// In millions of transfers a second and lane: 16,000 is PCI Express 4.0.
    package var megatransfers: Int?
    package var mostMegatransfers: Int?
    package var lanes: Int?
    package var mostLanes: Int?

    package init(megatransfers: Int? = nil, mostMegatransfers: Int? = nil, lanes: Int? = nil, mostLanes: Int? = nil) {
        self.megatransfers = megatransfers
        self.mostMegatransfers = mostMegatransfers
        self.lanes = lanes
        self.mostLanes = mostLanes
    }

    /// Slower or narrower than the device and its slot could be: a card that sits badly, or a link that saves power.
    package var isReduced: Bool {
        (megatransfers ?? .max) < (mostMegatransfers ?? 0) || (lanes ?? .max) < (mostLanes ?? 0)
    }
}

/// A device node below /dev.
package struct DeviceNode: Hashable, Sendable {
    /// Relative to /dev.
    package var name: String
    package var major: UInt32
    package var minor: UInt32

    package init(name: String, major: UInt32, minor: UInt32) {
        self.name = name
        self.major = major
        self.minor = minor
    }
}
