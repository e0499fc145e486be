import TidemillDevices

// Health and links.

extension ROCmSMI {
    /// `rsmi_gpu_block_t` has 8 bytes.
    private typealias GetOfBlock = @convention(c) (UInt32, UInt64, UnsafeMutableRawPointer) -> UInt32
    /// To tell links, each device is compared with each other one, up to this many.
    private static let mostPeers = 64
    /// More retired pages than any card keeps count of.
    private static let mostPages: UInt32 = 4096

    func readHealth(_ device: UInt32, _ next: inout LibraryDevice, _ calls: inout LibraryCalls) {
        let enabled = long("rsmi_dev_ecc_enabled_get", device, &calls) ?? 0
        let before = calls.answered
        var isBroken = false
        for (bit, block) in Self.blocks.enumerated() where enabled >> UInt64(bit) & 1 == 1 {
            // rsmi_error_count_t, 16 bytes of 5.2.3 and 64 of 6.x: corrected at 0, uncorrected at 8.
            let errors = LibraryBuffer(64)
            if calls.call(
                "rsmi_dev_ecc_count_get", as: GetOfBlock.self, { $0(device, 1 << UInt64(bit), errors.pointer) })
            {
                Self.add(errors.number(at: 0), to: &next.usage.eccCorrected)
                Self.add(errors.number(at: 8), to: &next.usage.eccUncorrected)
            }
            let state = LibraryBuffer(4)
            guard
                calls.call(
                    "rsmi_dev_ecc_status_get", as: GetOfBlock.self, { $0(device, 1 << UInt64(bit), state.pointer) }),
                let words = Self.states[state.number(at: 0)]
            else { continue }
            next.faults.append(DeviceFault("ras-\(block)", words))
            isBroken = true
        }
        readPages(device, &next, &calls)
        guard calls.answered > before else { return }
        next.health = isBroken ? .unhealthy : next.faults.isEmpty ? .healthy : .degraded
    }

    /// In the order of their bits, from RSMI_GPU_BLOCK_UMC to _MPIO.
    private static let blocks = [
        "umc", "sdma", "gfx", "mmhub", "athub", "pcie-bif", "hdp", "xgmi-wafl", "df", "smn", "sem", "mp0", "mp1",
        "fuse",
        "mca", "vcn", "jpeg", "ih", "mpio",
    ]

    /// RSMI_RAS_ERR_STATE_PARITY, _MULT_UC and _POISON: errors that were not corrected.
    private static let states: [UInt32: String] = [
        2: "errors of unknown type", 4: "uncorrectable errors", 5: "an uncorrectable error, whose page was isolated",
    ]

    private static func add(_ count: UInt64, to sum: inout Int64?) {
        let total = (sum ?? 0).addingReportingOverflow(Int64(clamping: count))
        sum = total.overflow ? .max : total.partialValue
    }

    /// rsmi_retired_page_record_t, 24 bytes: status at 16. RSMI_MEM_PAGE_STATUS_PENDING is 1, _UNRESERVABLE 2.
    private func readPages(_ device: UInt32, _ next: inout LibraryDevice, _ calls: inout LibraryCalls) {
        typealias GetPages = @convention(c) (UInt32, UnsafeMutablePointer<UInt32>, UnsafeMutableRawPointer?) -> UInt32
        let symbol = "rsmi_dev_memory_reserved_pages_get"
        var count: UInt32 = 0
        guard calls.call(symbol, as: GetPages.self, { $0(device, &count, nil) }), count > 0 else { return }
        let most = min(count, Self.mostPages)
        let pages = LibraryBuffer(24 * Int(most))
        count = most
        guard calls.call(symbol, as: GetPages.self, { $0(device, &count, pages.pointer) }) else { return }
        let states = (0..<Int(min(count, most))).map { pages.number(at: 24 * $0 + 16, as: UInt32.self) }
        if states.contains(2) { next.faults.append(DeviceFault("page-unreservable", "a bad page is still in use")) }
        if states.contains(1) { next.faults.append(DeviceFault("page-pending", "a bad page is about to be retired")) }
    }

    // MARK: Links

    /// xGMI links of one hop. Their greatest bandwidth is in megabytes per second, or 0 where it is not known.
    func readLinks(_ found: Found, _ all: [Found], _ next: inout LibraryDevice) {
        typealias GetType =
            @convention(c) (UInt32, UInt32, UnsafeMutablePointer<UInt64>, UnsafeMutablePointer<UInt32>) -> UInt32
        typealias GetBandwidth =
            @convention(c) (UInt32, UInt32, UnsafeMutablePointer<UInt64>, UnsafeMutablePointer<UInt64>) -> UInt32
        guard let type = handle.find("rsmi_topo_get_link_type", as: GetType.self) else { return }
        let bandwidth = handle.find("rsmi_minmax_bandwidth_get", as: GetBandwidth.self)
        for peer in all.prefix(Self.mostPeers) where peer.index != found.index {
            var (hops, kind): (UInt64, UInt32) = (0, 0)
            // RSMI_IOLINK_TYPE_XGMI is 2.
            guard type(found.index, peer.index, &hops, &kind) == 0, kind == 2, hops == 1 else { continue }
            var link = LibraryLink(peer: peer.address, type: "xgmi")
            var (least, greatest): (UInt64, UInt64) = (0, 0)
            if let bandwidth, bandwidth(found.index, peer.index, &least, &greatest) == 0, greatest > 0,
                greatest < 10_000_000
            {
                link.bytesPerSecond = Int64(greatest) * 1_000_000
            }
            next.links.append(link)
        }
    }
}
