/// As whom the tasks of a tenant run under a root agent: one number for user and group, the same on every node.
///
/// Computed, never allotted, so that files on storage that nodes share keep their owner without anybody keeping a list. Two
/// namespaces may meet on one number (one pair in 268 million); they are still apart in every other way.
package struct TenantID: Hashable, Sendable {
    /// The first number: above what systems allot to people, containers and dynamic users.
    package static let first: UInt32 = 0x7000_0000
    /// How many there are; the last one is below 2^31.
    package static let count: UInt32 = 0x0FFE_0000

    /// User id and group id.
    package let number: UInt32

    package init(namespace: String) {
        number = Self.first + UInt32(Self.hash(namespace) % UInt64(Self.count))
    }

    /// FNV-1a, 64 bits, of the UTF-8 bytes (Fowler, Noll, Vo; draft-eastlake-fnv).
    private static func hash(_ text: String) -> UInt64 {
        text.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
    }
}
