import TidemillDevices

// Memory, health, counted errors and links.

/// A device, and where its fabric ports are.
struct LevelZeroDevice {
    var index: Int
    var address: PCIAddress
    var handle: LevelZero.Handle
    private(set) var ports: [Port] = []
    private(set) var unsupported: [String] = []

    /// A place in the fabric where a device, or one of its tiles, is attached.
    struct Attachment: Hashable {
        var fabric: UInt32
        var place: UInt32
    }

    struct Port {
        var handle: LevelZero.Handle
        var attachment: Attachment
    }

    init(index: Int, address: PCIAddress, handle: LevelZero.Handle) {
        self.index = index
        self.address = address
        self.handle = handle
    }

    /// zes_fabric_port_properties_t, 328 bytes: fabric at 280, place at 284.
    mutating func readPorts(_ library: LevelZero, _ calls: inout LibraryCalls) {
        for port in library.handles("zesDeviceEnumFabricPorts", handle, &calls) {
            guard let properties = library.filled("zesFabricPortGetProperties", port, type: 6, 328, &calls) else {
                continue
            }
            let attachment = Attachment(fabric: properties.number(at: 280), place: properties.number(at: 284))
            ports.append(Port(handle: port, attachment: attachment))
        }
        unsupported = calls.unsupported
    }
}

extension LevelZero {
    func readHealth(
        _ found: LevelZeroDevice, _ all: [LevelZeroDevice], _ next: inout LibraryDevice, _ calls: inout LibraryCalls
    ) {
        var (isTold, isBroken) = (false, false)
        // zes_device_state_t, 24 bytes: reset at 16. ZES_RESET_REASON_FLAG_WEDGED is 1, _REPAIR 2.
        if let state = filled("zesDeviceGetState", found.handle, type: 21, 24, &calls) {
            isTold = true
            let reset: UInt32 = state.number(at: 16)
            if reset & 1 != 0 {
                next.faults.append(DeviceFault("wedged", "parts of the device hang until it is reset"))
                isBroken = true
            }
            if reset & 2 != 0 { next.faults.append(DeviceFault("repair", "a repair is completed by the next reset")) }
        }
        if let memory = readMemory(found.handle, &next, &calls) {
            isTold = true
            if memory >= 3 { isBroken = true }
        }
        readErrors(found.handle, &next, &calls)
        readLinks(found, all, &next, &calls)
        if let lost = Self.lost.first(where: { calls.codes.contains($0.code) }) {
            next.faults.append(DeviceFault(lost.fault, lost.text))
            next.health = .unhealthy
        } else if isTold {
            next.health = isBroken ? .unhealthy : next.faults.isEmpty ? .healthy : .degraded
        }
    }

    /// ZE_RESULT_ERROR_DEVICE_LOST, _DEVICE_REQUIRES_RESET, _SURVIVABILITY_MODE_DETECTED.
    private static let lost: [(code: Int64, fault: String, text: String)] = [
        (0x7000_0001, "device-lost", "the device hung, was reset, was removed, or its driver was updated"),
        (0x7000_0006, "reset-required", "the device must be reset before it can be used"),
        (0x7800_0020, "survivability-mode", "the device started with the least that it needs to be repaired"),
    ]

    /// The worst health that memory tells, nil when none does. zes_mem_properties_t, 48 bytes: location at 28, size at 32.
    /// zes_mem_state_t, 40 bytes: health at 16, free at 24, size at 32; bytes.
    private func readMemory(_ device: Handle, _ next: inout LibraryDevice, _ calls: inout LibraryCalls) -> UInt32? {
        var (size, used): (UInt64, UInt64) = (0, 0)
        var worst: UInt32?
        for module in handles("zesDeviceEnumMemoryModules", device, &calls) {
            // ZES_MEM_LOC_DEVICE is 1.
            guard let properties = filled("zesMemoryGetProperties", module, type: 11, 48, &calls),
                properties.number(at: 28, as: UInt32.self) == 1
            else { continue }
            let physical: UInt64 = properties.number(at: 32)
            guard let state = filled("zesMemoryGetState", module, type: 30, 40, &calls) else {
                size = Self.sum(size, physical)
                continue
            }
            let (free, usable): (UInt64, UInt64) = (state.number(at: 24), state.number(at: 32))
            size = Self.sum(size, usable)
            used = Self.sum(used, usable - min(free, usable))
            let health: UInt32 = state.number(at: 16)
            // From ZES_MEM_HEALTH_OK to _REPLACE.
            guard (1...4).contains(health) else { continue }
            worst = max(worst ?? 0, health)
            if let fault = Self.memoryFaults[health] { next.faults.append(fault) }
        }
        if size > 0 {
            next.memoryBytes = Int64(clamping: size)
            next.usage.memoryUsedBytes = Int64(clamping: used)
        }
        return worst
    }

    private static let memoryFaults: [UInt32: DeviceFault] = [
        2: DeviceFault("memory-degraded", "too many corrected errors: the device should be reset"),
        3: DeviceFault("memory-critical", "parts of the memory are out of use for too many uncorrectable errors"),
        4: DeviceFault("memory-replace", "too many uncorrectable errors: the device should be replaced"),
    ]

    /// zes_ras_properties_t, 32 bytes: type at 16, 0 for corrected and 1 for uncorrected errors. zes_ras_state_t, 72 bytes:
    /// from 16 on, one count of 8 bytes for each category. Those of the hardware are 3, 4 and 5: compute, fixed functions, caches.
    private func readErrors(_ device: Handle, _ next: inout LibraryDevice, _ calls: inout LibraryCalls) {
        typealias GetState = @convention(c) (Handle, UInt8, UnsafeMutableRawPointer) -> UInt32
        for set in handles("zesDeviceEnumRasErrorSets", device, &calls) {
            guard let properties = filled("zesRasGetProperties", set, type: 15, 32, &calls) else { continue }
            let state = LibraryBuffer(72)
            state.set(UInt32(34), at: 0)
            // Counters are not cleared.
            guard calls.call("zesRasGetState", as: GetState.self, { $0(set, 0, state.pointer) }) else { continue }
            let errors = [3, 4, 5].map { state.number(at: 16 + 8 * $0, as: UInt64.self) }.reduce(0, Self.sum)
            if properties.number(at: 16, as: UInt32.self) == 0 {
                next.usage.eccCorrected = Self.add(errors, next.usage.eccCorrected)
            } else {
                next.usage.eccUncorrected = Self.add(errors, next.usage.eccUncorrected)
            }
        }
    }

    private static func add(_ count: UInt64, _ sum: Int64?) -> Int64 {
        Int64(clamping: Self.sum(UInt64(sum ?? 0), count))
    }

    private static func sum(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let sum = a.addingReportingOverflow(b)
        return sum.overflow ? .max : sum.partialValue
    }

    /// zes_fabric_port_state_t, 72 bytes: status at 16, fabric of the other end at 28, its place at 32. Ports to one peer are
    /// one link; tiles of one card are no peers.
    private func readLinks(
        _ found: LevelZeroDevice, _ all: [LevelZeroDevice], _ next: inout LibraryDevice, _ calls: inout LibraryCalls
    ) {
        guard !found.ports.isEmpty else { return }
        let places = Dictionary(
            all.flatMap { device in device.ports.map { ($0.attachment, device.address) } },
            uniquingKeysWith: { first, _ in first })
        var lanes: [PCIAddress: Int] = [:]
        var failed = 0
        for port in found.ports {
            guard let state = filled("zesFabricPortGetState", port.handle, type: 25, 72, &calls) else { continue }
            let status: UInt32 = state.number(at: 16)
            // ZES_FABRIC_PORT_STATUS_FAILED is 3; _HEALTHY and _DEGRADED are 1 and 2.
            if status == 3 { failed += 1 }
            let remote = LevelZeroDevice.Attachment(fabric: state.number(at: 28), place: state.number(at: 32))
            guard status == 1 || status == 2, let peer = places[remote], peer != found.address else { continue }
            lanes[peer, default: 0] += 1
        }
        if failed > 0 { next.faults.append(DeviceFault("fabric-port", "\(failed) of its fabric ports fail")) }
        next.links = lanes.sorted { $0.key < $1.key }.map { peer, count in
            LibraryLink(peer: peer, type: count == 1 ? "xelink" : "xelink x\(count)")
        }
    }
}
