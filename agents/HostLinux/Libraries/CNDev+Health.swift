import TidemillDevices

// Errors, health and links, as `CNDev` reads them.

extension CNDev {
    /// CNDEV_ERROR_IN_PROBLEM: the device is broken.
    private static let inProblem: Int64 = 18
    /// CNDEV_HEALTH_SYSTEM_MAX_INCIDENTS.
    private static let mostIncidents: UInt32 = 64
    /// More links than any card has.
    private static let mostLinks: Int32 = 64

    /// Errors since the driver was loaded; those of old libraries since a moment that is not told.
    func readErrors(_ device: Device, _ next: inout LibraryDevice, _ calls: inout LibraryCalls) {
        // cndevMemEccCounter_t, 160 bytes: single and double bits of SRAM at 4 and 8, of DRAM at 16 and 20.
        if let errors = ask("cndevGetMemEccCounter", 160, device, &calls) {
            let (single, double): (UInt32, UInt32) = (errors.number(at: 4), errors.number(at: 8))
            let (singleDRAM, doubleDRAM): (UInt32, UInt32) = (errors.number(at: 16), errors.number(at: 20))
            next.usage.eccCorrected = Int64(single) + Int64(singleDRAM)
            next.usage.eccUncorrected = Int64(double) + Int64(doubleDRAM)
            return
        }
        // cndevECCInfo_t, 72 bytes: corrected at 40, not corrected at 48.
        guard let errors = ask("cndevGetECCInfo", 72, device, &calls) else { return }
        next.usage.eccCorrected = Int64(clamping: errors.number(at: 40, as: UInt64.self))
        next.usage.eccUncorrected = Int64(clamping: errors.number(at: 48, as: UInt64.self))
    }

    /// Faults have the numbers of cndevHealthError_t.
    func readHealth(_ device: Device, _ next: inout LibraryDevice, _ calls: inout LibraryCalls) {
        readCardHealth(device, &next, &calls)
        // cndevRepairStatus_t, 8 bytes: retirement pending at 4, repair pending at 5, repair failed at 6.
        if let repair = ask("cndevGetRepairStatus", 8, device, &calls) {
            for (offset, code, text) in [
                (4, "24", "a memory page is retired at the next reset"),
                (5, "23", "memory is repaired at the next reset"), (6, "22", "memory could not be repaired"),
            ] where repair.number(at: offset, as: UInt8.self) == 1 && !next.faults.contains(where: { $0.code == code })
            {
                next.faults.append(DeviceFault(code, text))
                if next.health != .unhealthy { next.health = .degraded }
            }
        }
        if calls.codes.contains(Self.inProblem) { next.health = .unhealthy }
    }

    private func readCardHealth(_ device: Device, _ next: inout LibraryDevice, _ calls: inout LibraryCalls) {
        // cndevCardHealthStateV2_t, 34612 bytes: flag at 0, device's state at 4, result at 12, number of incidents at 16,
        // incidents of 540 bytes from 20.
        if let state = ask("cndevGetCardHealthStateV2", 34612, hasVersion: false, device, &calls) {
            let (flag, device, result): (Int32, Int32, Int32) = (
                state.number(at: 0), state.number(at: 4), state.number(at: 12)
            )
            switch (flag, device, result) {
            case (0, _, _), (_, 0, _), (_, _, 20): next.health = .unhealthy
            case (1, 1, 10): next.health = .degraded
            case (1, 1, 0): next.health = .healthy
            default: break
            }
            for incident in 0..<Int(min(state.number(at: 16), Self.mostIncidents)) {
                // cndevIncidentInfo_t: 512 of text at 8, code at 528.
                let code: Int32 = state.number(at: 20 + incident * 540 + 528)
                if code <= 0 { continue }
                let text = state.text(at: 20 + incident * 540 + 8, count: 200)
                let isClean = text?.utf8.allSatisfy { (0x20...0x7E).contains($0) } ?? false
                next.faults.append(DeviceFault(String(code), isClean ? text : nil))
            }
            return
        }
        // cndevCardHealthState_t, 16 bytes: flag at 4.
        guard let state = ask("cndevGetCardHealthState", 16, device, &calls) else { return }
        switch state.number(at: 4, as: Int32.self) {
        case 0: next.health = .unhealthy
        case 1: next.health = .healthy
        default: break
        }
    }

    /// MLU-Links that are up and end at another card of this machine, told by its UUID; several to one peer are one link.
    func readLinks(_ found: [Device], _ devices: inout [LibraryDevice]) {
        typealias GetLinkBuffer = @convention(c) (UnsafeMutableRawPointer, Device, Int32) -> Int32
        guard
            let count = handle.find("cndevGetMLULinkPortNumber", as: (@convention(c) (Device) -> Int32).self),
            let state = handle.find("cndevGetMLULinkStatusV2", as: GetLinkBuffer.self),
            let remote = handle.find("cndevGetMLULinkRemoteInfo", as: GetLinkBuffer.self)
        else { return }
        var peers: [String: PCIAddress] = [:]
        for device in devices {
            if let uuid = device.uuid { peers[uuid] = device.address }
        }
        for (index, device) in found.enumerated() {
            var lanes: [PCIAddress: Int] = [:]
            for link in 0..<min(max(0, count(device)), Self.mostLinks) {
                // cndevMLULinkStatusV2_t, 44 bytes: 1 at 0 when it is up. cndevMLULinkRemoteInfo_t, 376 bytes: UUID, 37 of text
                // at 48.
                let status = LibraryBuffer(44)
                let info = LibraryBuffer(376)
                info.set(version, at: 0)
                guard state(status.pointer, device, link) == 0, status.number(at: 0, as: Int32.self) == 1,
                    remote(info.pointer, device, link) == 0, let uuid = info.text(at: 48, count: 37),
                    let peer = peers[uuid]
                else { continue }
                lanes[peer, default: 0] += 1
            }
            devices[index].links = lanes.sorted { $0.key < $1.key }.map { peer, count in
                LibraryLink(peer: peer, type: count == 1 ? "mlulink" : "mlulink x\(count)")
            }
        }
    }
}
