import TidemillDevices
import TidemillHostLinux
import TidemillModel
import TidemillSeams

extension NodeReport {
    /// `current` with everything that the agent observes of an accelerator.
    ///
    /// - Parameter names: of all accelerators, by address: links name their ends.
    package func accelerator(
        _ entry: DeviceRoster.Entry, names: [PCIAddress: String] = [:], _ current: Kinds.Device, at wall: WallTime
    ) -> Kinds.Device {
        var next = current
        let (device, function, measured) = (entry.device, entry.device.function, entry.device.measured)
        next.status.node = facts.node.rawValue
        next.status.vendor = device.vendor.name
        next.status.model = device.modelName
        next.status.level = Kinds.KnownLevel(device.level)
        next.status.gaps = device.gaps.map {
            Kinds.DeviceGap(level: Kinds.KnownLevel($0.level), reason: $0.reason, message: $0.message)
        }
        next.status.uuid = entry.identity
        next.status.serial = measured?.serial
        next.status.replaces = entry.replaces ?? current.status.replaces
        next.status.numaNode = function.numaNode.map { Int64($0) }
        next.status.pci = Kinds.DevicePCI(function)
        next.status.driverVersion = device.driverVersion
        next.status.firmware = measured?.firmware
        next.status.attributes = Self.attributes(device)
        next.status.links = (measured?.links ?? []).compactMap { link in
            names[link.peer].map {
                Kinds.DeviceLink(
                    device: $0, type: link.type, bandwidth: link.bytesPerSecond.map { Quantity(bytes: $0) })
            }
        }
        next.status.rates = device.model.flatMap { Kinds.DeviceRates($0.rates) }
        next.status.powerLimit = (measured?.usage.wattsLimit ?? device.model?.watts).map { "\(Int($0.rounded()))" }
        next.status.cuts =
            (device.model?.cuts ?? []).filter { !(measured?.cuts ?? []).contains($0) }
            + (measured?.cuts ?? []).map { "\($0) (on)" }
        next.status.runtimes = device.runtimes.map(Kinds.DeviceRuntime.init)
        let memory = device.memoryBytes.map { Kinds.DeviceAmounts(memory: Quantity(bytes: $0)) }
        next.status.capacity = memory
        next.status.allocatable = memory
        next.status.isolation = []
        let health = Self.health(device)
        next.status.health = health.health
        next.status.conditions = Self.with(
            next.status.conditions, "DeviceHealthy", health.status, reason: health.reason, message: health.message,
            generation: current.metadata.generation, at: wall)
        return next
    }

    static let missingReason = "DeviceMissing"

    /// A device that the API knows and that is not there any more.
    package func missing(_ current: Kinds.Device, at wall: WallTime) -> Kinds.Device {
        var next = current
        next.status.health = .unhealthy
        next.status.isolation = []
        let place = current.status.pci.map { " at \($0.address)" } ?? ""
        next.status.conditions = Self.with(
            next.status.conditions, "DeviceHealthy", .false, reason: Self.missingReason,
            message: "The device\(place) is not there any more. Delete this object when it will not come back.",
            generation: current.metadata.generation, at: wall)
        return next
    }

    /// Of all devices together: what is not known to be ill does not make the node ill.
    var devicesHealth: (status: Kinds.ConditionStatus, reason: String, message: String) {
        let accelerators = (inventory?.devices ?? []).map { Self.health($0).health }
        let all = cpuDevices.count + accelerators.count + missingDevices
        let healthy = cpuDevices.count + accelerators.count { $0 == .healthy }
        let unknown = accelerators.count { $0 == nil }
        let ill = all - healthy - unknown
        var message = "\(healthy) of \(all) devices are healthy"
        if unknown > 0 { message += "; of \(unknown) no library tells the health" }
        return ill == 0
            ? (.true, "DevicesHealthy", message + ".")
            : (.false, "DeviceUnhealthy", message + "; \(ill) are not.")
    }

    /// What tells the model from others.
    private static func attributes(_ device: FoundDevice) -> [String: String] {
        var attributes = device.measured?.attributes ?? [:]
        if let type = device.model?.memoryType { attributes["memoryType"] = type }
        return attributes
    }

    /// What is made of a device's own word; one that says nothing is taken for what it is: identified, and not known to be
    /// ill.
    private static func health(
        _ device: FoundDevice
    ) -> (health: Kinds.DeviceHealth?, status: Kinds.ConditionStatus, reason: String, message: String) {
        let faults = (device.measured?.faults ?? []).map { fault in
            "fault \(fault.code)\(fault.text.map { " (\($0))" } ?? "")"
        }
        switch device.measured?.health {
        case .healthy?: return (.healthy, .true, "Healthy", "Its library reports no fault.")
        case .degraded?:
            return (.degraded, .true, "Degraded", "Its library reports " + faults.joined(separator: ", ") + ".")
        case .unhealthy?:
            let what = faults.isEmpty ? "that it cannot be used" : faults.joined(separator: ", ")
            return (.unhealthy, .false, "DeviceUnhealthy", "Its library reports \(what).")
        case nil:
            let why = device.gaps.first { $0.level == .measured }?.message ?? "Its library says nothing of its health."
            return (nil, .unknown, "NotMeasured", why)
        }
    }
}

extension Kinds.KnownLevel {
    init(_ level: DeviceLevel) {
        self =
            switch level {
            case .identified: .identified
            case .measured: .measured
            case .sliceable: .sliceable
            }
    }
}

extension Kinds.DeviceRuntime {
    init(_ runtime: LibraryRuntime) {
        self.init(name: runtime.name, version: runtime.version, device: runtime.device, proved: runtime.proved)
    }
}

extension Kinds.DevicePCI {
    init(_ function: PCIFunction) {
        let ids = function.ids
        self.init(
            address: function.address.description,
            id: "\(Hex.text(ids.vendor, digits: 4)):\(Hex.text(ids.device, digits: 4))", driver: function.driver,
            localCPUs: function.localCPUs, iommuGroup: function.iommuGroup.map { Int64($0) },
            nodes: function.nodes.map(\.name))
        if let vendor = ids.subsystemVendor, let device = ids.subsystemDevice {
            subsystem = "\(Hex.text(vendor, digits: 4)):\(Hex.text(device, digits: 4))"
        }
        link = Self.link(function.link?.megatransfers, function.link?.lanes)
        maxLink = Self.link(function.link?.mostMegatransfers, function.link?.mostLanes)
    }

    /// `16 GT/s x16`, `2.5 GT/s x1`.
    private static func link(_ megatransfers: Int?, _ lanes: Int?) -> String? {
        guard let megatransfers else { return nil }
        let speed = megatransfers % 1000 == 0 ? "\(megatransfers / 1000)" : "\(Double(megatransfers) / 1000)"
        return "\(speed) GT/s" + (lanes.map { " x\($0)" } ?? "")
    }
}

extension Kinds.DeviceRates {
    /// Nil where nothing is known.
    init?(_ rates: TidemillDevices.DeviceRates) {
        if rates.isEmpty { return nil }
        func quantity(_ rate: Double?) -> Quantity? { rate.map { Quantity(decimal: Int64($0.rounded())) } }
        self.init(
            fp64: quantity(rates.fp64), fp32: quantity(rates.fp32), fp16: quantity(rates.fp16),
            int8: quantity(rates.int8))
    }
}
