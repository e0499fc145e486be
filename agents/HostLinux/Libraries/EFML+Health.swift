import TidemillDevices

// Health and links.

extension EFML {
    func readHealth(_ index: UInt32, _ next: inout LibraryDevice, _ calls: inout LibraryCalls) {
        let before = calls.answered
        let isHealthy = healthy("EfmlGetDevHealth", index, &calls) ?? healthy("EfmlGetDevIsHealth", index, &calls)
        // efmlEccStatus_t, 12 bytes: enabled at 0, whether bad memory is about to be listed at 2, errors of one bit at 4, of
        // two at 8.
        let errors = LibraryBuffer(12)
        if calls.call("EfmlGetDevEccStatus", as: GetBuffer.self, { $0(index, errors.pointer) }),
            errors.number(at: 0, as: UInt8.self) != 0
        {
            next.usage.eccCorrected = Int64(errors.number(at: 4, as: UInt32.self))
            next.usage.eccUncorrected = Int64(errors.number(at: 8, as: UInt32.self))
            if errors.number(at: 2, as: UInt8.self) != 0 {
                next.faults.append(DeviceFault("ecc-pending", "bad memory is taken out of use at the next reset"))
            }
        }
        // efmlRmaStatus_t, 2 bytes: whether it is known at 0, whether the card should go back at 1.
        let rma = LibraryBuffer(2)
        if calls.call("EfmlGetDevRmaStatus", as: GetBuffer.self, { $0(index, rma.pointer) }),
            rma.number(at: 0, as: UInt8.self) != 0, rma.number(at: 1, as: UInt8.self) != 0
        {
            next.faults.append(DeviceFault("rma", "the card should be sent back"))
        }
        if calls.answered > before {
            next.health = isHealthy == false ? .unhealthy : next.faults.isEmpty ? .healthy : .degraded
        }
        if !readLinks("GcuLare", "gcu-lare", index, &next, &calls) {
            _ = readLinks("Esl", "esl", index, &next, &calls)
        }
    }

    private func healthy(_ symbol: String, _ index: UInt32, _ calls: inout LibraryCalls) -> Bool? {
        let healthy = LibraryBuffer(1)
        return calls.call(symbol, as: GetBuffer.self) { $0(index, healthy.pointer) }
            ? healthy.number(at: 0, as: UInt8.self) != 0 : nil
    }

    /// Several ports to one peer are one link. Returns false where the device has no such ports. efmlGcuLarePortInfo_t and
    /// efmlEslPortInfo_t, 104 bytes: connected at 0, the other end's domain at 80, bus at 84, device at 88, function at 92.
    private func readLinks(
        _ kind: String, _ type: String, _ index: UInt32, _ next: inout LibraryDevice, _ calls: inout LibraryCalls
    ) -> Bool {
        typealias GetPort = @convention(c) (UInt32, UInt32, UnsafeMutableRawPointer) -> Int32
        guard let ports = number("EfmlGet\(kind)PortNum", index, &calls), ports > 0,
            let get = handle.find("EfmlGet\(kind)PortInfo", as: GetPort.self)
        else { return false }
        var lanes: [PCIAddress: Int] = [:]
        for port in 0..<min(ports, 64) {
            let info = LibraryBuffer(104)
            guard get(index, port, info.pointer) == 0, info.number(at: 0, as: UInt32.self) == 1,
                let peer = Self.address(info, at: 80)
            else { continue }
            lanes[peer, default: 0] += 1
        }
        next.links = lanes.sorted { $0.key < $1.key }.map { peer, count in
            LibraryLink(peer: peer, type: count == 1 ? type : "\(type) x\(count)")
        }
        return true
    }
}
