/// One line of what a slice may do with device nodes. What no rule allows is denied.
///
/// Written as cgroup v1 writes it, `c 136:* rw`: the kind, the numbers, the access. That text is also what a journal holds.
package struct DeviceRule: Hashable, Sendable, CustomStringConvertible {
    package enum Kind: Hashable, Sendable {
        case character, block
    }

    package struct Access: OptionSet, Hashable, Sendable {
        package let rawValue: UInt32
        package init(rawValue: UInt32) { self.rawValue = rawValue }

        /// The values are the kernel's (BPF_DEVCG_ACC_…).
        package static let makeNode = Access(rawValue: 1)
        package static let read = Access(rawValue: 2)
        package static let write = Access(rawValue: 4)
    }

    package var kind: Kind
    /// At most 2^31 - 1.
    package var major: UInt32
    /// Nil is every one; at most 2^31 - 1.
    package var minor: UInt32?
    package var access: Access

    package init(_ kind: Kind, major: UInt32, minor: UInt32?, access: Access = [.read, .write]) {
        self.kind = kind
        self.major = major
        self.minor = minor
        self.access = access
    }

    /// What every slice may open: null, zero, full, random, urandom, tty, ptmx and the terminals of its own devpts. None may
    /// make a node.
    package static let base: [DeviceRule] =
        [3, 5, 7, 8, 9].map { DeviceRule(.character, major: 1, minor: $0) } + [
            DeviceRule(.character, major: 5, minor: 0), DeviceRule(.character, major: 5, minor: 2),
            DeviceRule(.character, major: 136, minor: nil),
        ]

    package var description: String {
        let numbers = "\(major):\(minor.map { "\($0)" } ?? "*")"
        let letters = [(Access.read, "r"), (.write, "w"), (.makeNode, "m")].filter { access.contains($0.0) }
        return "\(kind == .character ? "c" : "b") \(numbers) " + letters.map(\.1).joined()
    }

    /// Nil when `text` is not a rule.
    package init?(_ text: String) {
        let words = text.split(separator: " ")
        guard words.count == 3, words[0] == "c" || words[0] == "b" else { return nil }
        let numbers = words[1].split(separator: ":", omittingEmptySubsequences: false)
        guard numbers.count == 2, let major = Self.number(numbers[0]), !words[2].isEmpty else { return nil }
        kind = words[0] == "c" ? .character : .block
        self.major = major
        if numbers[1] == "*" {
            minor = nil
        } else {
            guard let number = Self.number(numbers[1]) else { return nil }
            minor = number
        }
        access = []
        for letter in words[2].utf8 {
            switch letter {
            case 0x72: access.insert(.read)
            case 0x77: access.insert(.write)
            case 0x6D: access.insert(.makeNode)
            default: return nil
            }
        }
    }

    private static func number(_ text: Substring) -> UInt32? {
        UInt32(text).flatMap { $0 <= UInt32(Int32.max) ? $0 : nil }
    }
}
