import Testing
import TidemillSeams

@testable import TidemillWire

/// Every failure names its seed.
@Suite("Protobuf, fuzzed")
struct ProtobufFuzzTests {
    private static let valid = ProtobufBytes.body(
        "v1", "Namespace",
        ProtobufBytes().message(
            1,
            ProtobufBytes().text(1, "name").number(7, 300).entry(11, "a", "é").entry(12, "b", "c")
                .message(13, ProtobufBytes().text(1, "Job").number(6, 1)).text(14, "x/y")
        ).message(2, ProtobufBytes().text(1, "kubernetes")))

    private func decode(_ body: [UInt8]) -> Result<JSON, ProtobufError> {
        Result { () throws(ProtobufError) in try KubernetesProtobuf.decode(body) }
    }

    /// What was read can be written and read again; what was not is told in a sentence.
    private func check(_ body: [UInt8], _ place: Comment) -> Bool {
        switch decode(body) {
        case .success(let object):
            #expect(object["kind"] != nil && (try? JSON.parse(object.bytes)) == object, place)
            return true
        case .failure(.malformed(let text)), .failure(.unsupported(let text)):
            #expect(text.utf8.count < 1500 && text.contains(" "), place)
            return false
        }
    }

    @Test func `a body that is cut short is not read`() {
        #expect(check(Self.valid, "whole"))
        // What the envelope holds behind the message is empty, and an envelope without a message is one too.
        let withoutType = Self.valid.count - 2
        let typeMeta = ProtobufBytes.magic.count + 2 + ProtobufBytes().text(1, "v1").text(2, "Namespace").bytes.count
        let whole = [typeMeta, withoutType - 2, withoutType]
        for count in 0..<Self.valid.count {
            let place: Comment = "the first \(count) bytes"
            #expect(check(Array(Self.valid.prefix(count)), place) == whole.contains(count), place)
        }
    }

    @Test(arguments: Array(UInt64(1)...50))
    func `whatever the bytes, they are read or refused in a sentence`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var read = 0
        for round in 0..<100 {
            var body = Self.valid
            for _ in 0...random.next() % 2 {
                let index = Int(random.next() % UInt64(body.count))
                let byte = UInt8(truncatingIfNeeded: random.next())
                switch random.next() % 4 {
                case 0: body[index] = byte
                case 1: body[index] ^= 1 << (byte & 7)
                case 2: body.insert(byte, at: index)
                default: body.remove(at: index)
                }
            }
            if check(body, "seed \(seed), round \(round): \(body)") { read += 1 }
        }
        #expect((1..<100).contains(read), "seed \(seed)")
    }

    @Test(arguments: Array(UInt64(1)...50))
    func `bytes that mean nothing are read or refused too`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for round in 0..<100 {
            let noise = (0..<Int(random.next() % 64)).map { _ in UInt8(truncatingIfNeeded: random.next()) & 0x3F }
            let bodies = [
                ProtobufBytes.magic + noise,
                ProtobufBytes.body("v1", "Namespace", ProtobufBytes().span(1, noise)),
                ProtobufBytes.body("v1", "Namespace", ProtobufBytes().message(1, ProtobufBytes().span(13, noise))),
            ]
            for body in bodies { _ = check(body, "seed \(seed), round \(round): \(body)") }
        }
    }
}
