import TidemillModel
import TidemillSeams
import TidemillWire

/// How a JSON document lies in the store: a version, the place where the resource version goes, and the text without it.
///
/// The text is encoded once per change; readers only splice, because the resource version is the revision of the very
/// commit that stores the text.
enum Envelope {
    /// The layout: this byte, the place as a little-endian 32-bit number (0: nothing is spliced), the text.
    private static let version: UInt8 = 1
    private static let headerBytes = 5

    /// The envelope of an object; its `metadata` must have members, and no resourceVersion.
    static func seal(_ object: JSON) -> [UInt8] {
        var bytes = [version, 0, 0, 0, 0]
        bytes.reserveCapacity(2048)
        var place = 0
        bytes.append(UInt8(ascii: "{"))
        for (index, member) in (object.object?.members ?? []).enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            JSON.string(member.key).write(into: &bytes)
            bytes.append(UInt8(ascii: ":"))
            if member.key == "metadata" { place = bytes.count + 1 - headerBytes }
            member.value.write(into: &bytes)
        }
        bytes.append(UInt8(ascii: "}"))
        for offset in 0..<4 { bytes[1 + offset] = UInt8(truncatingIfNeeded: place >> (8 * offset)) }
        return bytes
    }

    /// The largest object that may be declared, in bytes of its text: a transaction holds 1.5 MiB, and what the controller
    /// makes of an object, or reports about it, needs room beside it.
    static let largestObject = 1 << 20

    /// The envelope of an object that is small enough. Throws `.tooLarge`.
    static func sealed(_ object: JSON, _ ref: ObjectRef) throws(APIError) -> [UInt8] {
        let envelope = seal(object)
        guard envelope.count - headerBytes <= largestObject else {
            throw .tooLarge(
                "\(ref.kind.groupResource) \"\(ref.name)\" has \(envelope.count - headerBytes) bytes, and an object may have "
                    + "\(largestObject): put what is large into a file or an image, and name that in the object")
        }
        return envelope
    }

    /// The envelope of a record, which has no metadata.
    static func seal(record: JSON) -> [UInt8] {
        var bytes = [version, 0, 0, 0, 0]
        record.write(into: &bytes)
        return bytes
    }

    /// Appends the text of `envelope` with the resource version in its place; none when `revision` is 0.
    static func open(_ envelope: [UInt8], revision: Revision, into bytes: inout [UInt8]) {
        var place = 0
        for offset in 0..<4 { place |= Int(envelope[1 + offset]) << (8 * offset) }
        guard place > 0, revision.rawValue > 0 else {
            bytes += envelope[headerBytes...]
            return
        }
        bytes += envelope[headerBytes..<(headerBytes + place)]
        bytes += "\"resourceVersion\":\"".utf8
        bytes += String(revision.rawValue).utf8
        bytes += "\",".utf8
        bytes += envelope[(headerBytes + place)...]
    }

    /// The text of `envelope` without a resource version.
    static func text(_ envelope: [UInt8]) -> [UInt8] { Array(envelope[headerBytes...]) }

    /// True when `open` can read the value.
    static func isReadable(_ envelope: [UInt8]) -> Bool {
        envelope.count > headerBytes && envelope[0] == version
    }
}
