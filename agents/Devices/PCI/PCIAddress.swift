/// Where a PCI function sits: domain, bus, device and function, `0000:3b:00.0`.
package struct PCIAddress: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// 16 bits on most machines; virtual roots (VMD) have numbers above them.
    package var domain: UInt32
    package var bus: UInt8
    /// At most 31.
    package var device: UInt8
    /// At most 7.
    package var function: UInt8

    package init(domain: UInt32 = 0, bus: UInt8, device: UInt8, function: UInt8 = 0) {
        self.domain = domain
        self.bus = bus
        self.device = device
        self.function = function
    }

    /// Reads what sysfs and vendors write: `0000:3b:00.0`, `00000000:3B:00.0`, `3b:00.0`, `0000:3b:00` (function 0). Nil for
    /// anything else.
    package init?(parsing text: some StringProtocol) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2 || parts.count == 3, text.utf8.count <= 24 else { return nil }
        let tail = parts[parts.count - 1].split(separator: ".", omittingEmptySubsequences: false)
        guard tail.count == 1 || tail.count == 2,
            let domain = parts.count == 3 ? UInt32(parts[0], radix: 16) : 0,
            let bus = UInt8(parts[parts.count - 2], radix: 16), let device = UInt8(tail[0], radix: 16), device <= 31,
            let function = tail.count == 2 ? UInt8(tail[1], radix: 16) : 0, function <= 7
        else { return nil }
        self.init(domain: domain, bus: bus, device: device, function: function)
    }

    /// As sysfs writes it.
    package var description: String {
        "\(Hex.text(domain, digits: 4)):\(Hex.text(UInt32(bus), digits: 2)):\(Hex.text(UInt32(device), digits: 2)).\(function)"
    }

    package static func < (a: PCIAddress, b: PCIAddress) -> Bool {
        (a.domain, a.bus, a.device, a.function) < (b.domain, b.bus, b.device, b.function)
    }
}

/// Hexadecimal numbers as PCI writes them.
package enum Hex {
    /// Lower case, with zeros in front up to `digits`.
    package static func text(_ number: some BinaryInteger, digits: Int) -> String {
        let text = String(number, radix: 16)
        return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
    }

    /// Reads `0x10de` and `10de`; nil for anything else, or more than `T` holds.
    package static func number<T: FixedWidthInteger>(_ text: some StringProtocol, as type: T.Type = T.self) -> T? {
        let digits = text.hasPrefix("0x") || text.hasPrefix("0X") ? text.dropFirst(2) : text[...]
        guard let first = digits.utf8.first, first != 0x2B, first != 0x2D else { return nil }
        return T(digits, radix: 16)
    }
}
