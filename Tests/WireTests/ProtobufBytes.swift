import TidemillWire

/// Spells protobuf messages, field by field, apart from what reads them.
struct ProtobufBytes {
    private(set) var bytes: [UInt8] = []

    /// Any field: `type` is the wire type, `payload` what follows the tag.
    func field(_ number: UInt64, type: UInt64, _ payload: [UInt8]) -> ProtobufBytes {
        ProtobufBytes(bytes: bytes + Self.varint(number << 3 | type) + payload)
    }

    func number(_ number: UInt64, _ value: UInt64) -> ProtobufBytes {
        field(number, type: 0, Self.varint(value))
    }

    func text(_ number: UInt64, _ text: String) -> ProtobufBytes {
        span(number, Array(text.utf8))
    }

    func message(_ number: UInt64, _ message: ProtobufBytes) -> ProtobufBytes {
        span(number, message.bytes)
    }

    func entry(_ number: UInt64, _ key: String, _ value: String) -> ProtobufBytes {
        message(number, ProtobufBytes().text(1, key).text(2, value))
    }

    func span(_ number: UInt64, _ span: [UInt8]) -> ProtobufBytes {
        field(number, type: 2, Self.varint(UInt64(span.count)) + span)
    }

    /// A whole body: the magic and the envelope, as Kubernetes writes them.
    static func body(
        _ apiVersion: String, _ kind: String, _ message: ProtobufBytes, encoding: String = "", holds type: String = ""
    ) -> [UInt8] {
        let meta = ProtobufBytes().text(1, apiVersion).text(2, kind)
        return magic
            + ProtobufBytes().message(1, meta).message(2, message).text(3, encoding).text(4, type).bytes
    }

    static let magic: [UInt8] = [0x6B, 0x38, 0x73, 0x00]

    static func varint(_ value: UInt64) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = value
        repeat {
            bytes.append(UInt8(rest & 0x7F) | (rest > 0x7F ? 0x80 : 0))
            rest >>= 7
        } while rest > 0
        return bytes
    }
}
