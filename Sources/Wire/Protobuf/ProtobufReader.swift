/// Reads the fields of one protocol buffers message in the order in which they come.
struct ProtobufReader {
    /// What a field holds; its type decides what that means.
    enum Value {
        case varint(UInt64)
        /// A number of 4 or 8 bytes: nothing that is read here holds one, they are only stepped over.
        case fixed
        /// A text, bytes, a message or an entry of a map.
        case bytes(ArraySlice<UInt8>)
    }

    /// Why the bytes are no message.
    enum Fault: Error {
        case endsInField
        case longVarint
        case fieldNumber
        case wireType(UInt64)

        var reason: String {
            switch self {
            case .endsInField: "it ends within a field"
            case .longVarint: "a varint is longer than 64 bits"
            case .fieldNumber: "a field's number is out of range"
            case .wireType(let type): "a field has the wire type \(type), which is not in use"
            }
        }
    }

    private var rest: ArraySlice<UInt8>

    init(_ message: ArraySlice<UInt8>) {
        rest = message
    }

    /// The next field; nil at the end of the message.
    mutating func next() throws(Fault) -> (number: Int, value: Value)? {
        if rest.isEmpty { return nil }
        let tag = try varint()
        guard (1..<1 << 29).contains(tag >> 3) else { throw .fieldNumber }
        let number = Int(tag >> 3)
        switch tag & 7 {
        case 0: return (number, .varint(try varint()))
        case 1:
            _ = try take(8)
            return (number, .fixed)
        case 2: return (number, .bytes(try take(try varint())))
        case 5:
            _ = try take(4)
            return (number, .fixed)
        default: throw .wireType(tag & 7)
        }
    }

    private mutating func take(_ count: UInt64) throws(Fault) -> ArraySlice<UInt8> {
        guard count <= UInt64(rest.count) else { throw .endsInField }
        let taken = rest.prefix(Int(count))
        rest = rest.dropFirst(Int(count))
        return taken
    }

    /// Seven bits a byte, the lowest first; the tenth byte holds one bit.
    private mutating func varint() throws(Fault) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: 0, to: 70, by: 7) {
            guard let byte = rest.popFirst() else { throw .endsInField }
            if shift == 63, byte > 1 { throw .longVarint }
            value |= UInt64(byte & 0x7F) << UInt64(shift)
            if byte & 0x80 == 0 { return value }
        }
        throw .longVarint
    }
}
