import TidemillSeams

/// Why an image of the page cannot be believed.
package enum LeasePageError: Error, Hashable, Sendable {
    /// Fewer bytes than a page image has.
    case short
    /// Not a page of ours, or not yet written.
    case notAPage
    /// A later Tidemill wrote it.
    case version(UInt32)
    /// The bytes contradict their checksum: torn by a concurrent write, or damaged. Read it again.
    case torn
    /// A name is longer than its field.
    case tooLong
}

/// The one page per node through which the agent tells its shims of acknowledged renewals.
///
/// A file of one memory page under /run, mapped by agent and shims. Fixed layout, little-endian:
///
/// | offset | size | what |
/// |---|---|---|
/// | 0 | 8 | magic `TIDEPAGE` |
/// | 8 | 4 | layout version, 1 |
/// | 12 | 4 | image size, 176 |
/// | 16 | 8 | sequence counter: odd while a write is under way; owned by the writer of the mapping, not by this type |
/// | 24 | 8 | instant of the last acknowledged send, nanoseconds of the boot clock |
/// | 32 | 64 | incarnation, UTF-8, padded with NUL |
/// | 96 | 64 | boot id, UTF-8, padded with NUL |
/// | 160 | 8 | FNV-1a 64 checksum of bytes 0 ..< 16 and 24 ..< 160 |
/// | 168 | 8 | zero |
package enum LeasePage {
    /// Bytes of one image.
    package static let size = 176
    /// Bytes of the file that is mapped.
    package static let fileSize = 4096
    /// Where the sequence counter stands, for the code that reads and writes the mapping.
    package static let sequenceOffset = 16
    /// The layout that this code writes and understands.
    package static let version: UInt32 = 1

    private static let magic: [UInt8] = Array("TIDEPAGE".utf8)
    private static let nameSize = 64

    /// The image of a page that says `renewal`, with the sequence counter zero.
    package static func encode(_ renewal: Renewal) throws(LeasePageError) -> [UInt8] {
        var image = [UInt8](repeating: 0, count: size)
        for (index, byte) in magic.enumerated() { image[index] = byte }
        put(UInt64(version) | UInt64(size) << 32, at: 8, in: &image)
        put(UInt64(bitPattern: renewal.sentAt.nanoseconds), at: 24, in: &image)
        try put(renewal.incarnation.rawValue, at: 32, in: &image)
        try put(renewal.boot.rawValue, at: 96, in: &image)
        put(checksum(image), at: 160, in: &image)
        return image
    }

    /// Reads an image; throws when it is torn, so that the caller reads again.
    package static func decode(_ image: [UInt8]) throws(LeasePageError) -> Renewal {
        guard image.count >= size else { throw .short }
        guard image[0..<8].elementsEqual(magic) else { throw .notAPage }
        let head = get(at: 8, in: image)
        let found = UInt32(truncatingIfNeeded: head)
        guard found == version else { throw .version(found) }
        guard get(at: 160, in: image) == checksum(image) else { throw .torn }
        return Renewal(
            boot: BootID(name(at: 96, in: image)), incarnation: IncarnationID(name(at: 32, in: image)),
            sentAt: Instant(nanoseconds: Int64(bitPattern: get(at: 24, in: image))))
    }

    private static func put(_ value: UInt64, at offset: Int, in image: inout [UInt8]) {
        for index in 0..<8 { image[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * UInt64(index))) }
    }

    private static func get(at offset: Int, in image: [UInt8]) -> UInt64 {
        var value: UInt64 = 0
        for index in 0..<8 { value |= UInt64(image[offset + index]) << (8 * UInt64(index)) }
        return value
    }

    private static func put(_ text: String, at offset: Int, in image: inout [UInt8]) throws(LeasePageError) {
        guard text.utf8.count <= nameSize, !text.utf8.contains(0) else { throw .tooLong }
        for (index, byte) in text.utf8.enumerated() { image[offset + index] = byte }
    }

    private static func name(at offset: Int, in image: [UInt8]) -> String {
        String(decoding: image[offset..<offset + nameSize].prefix { $0 != 0 }, as: UTF8.self)
    }

    /// FNV-1a, 64 bits (Fowler, Noll, Vo; offset basis and prime of draft-eastlake-fnv).
    private static func checksum(_ image: [UInt8]) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for index in 0..<160 where index < sequenceOffset || index >= sequenceOffset + 8 {
            hash = (hash ^ UInt64(image[index])) &* 0x100_0000_01B3
        }
        return hash
    }
}
