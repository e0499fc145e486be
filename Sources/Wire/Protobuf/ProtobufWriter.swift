/// Writes the fields of one protocol buffers message in the order in which they are put.
struct ProtobufWriter {
    private(set) var bytes: [UInt8] = []

    mutating func put(_ number: UInt64, _ text: String) { put(number, Array(text.utf8)) }

    mutating func put(_ number: UInt64, _ flag: Bool) {
        varint(number << 3)
        bytes.append(flag ? 1 : 0)
    }

    /// A message within, made by `fill`; it is there even when nothing is in it.
    mutating func put(_ number: UInt64, message fill: (inout ProtobufWriter) -> Void) {
        var message = ProtobufWriter()
        fill(&message)
        put(number, message.bytes)
    }

    private mutating func put(_ number: UInt64, _ content: [UInt8]) {
        varint(number << 3 | 2)
        varint(UInt64(content.count))
        bytes += content
    }

    private mutating func varint(_ number: UInt64) {
        var rest = number
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}
