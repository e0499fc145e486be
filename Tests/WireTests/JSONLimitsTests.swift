import Testing

@testable import TidemillWire

@Suite("JSONLimits")
struct JSONLimitsTests {
    private func nested(_ levels: Int, _ open: String, _ close: String) -> String {
        String(repeating: open, count: levels) + "1" + String(repeating: close, count: levels)
    }

    @Test func `a hundred levels are accepted and one more is not`() {
        #expect(fault(in: nested(100, "[", "]")) == nil)
        #expect(fault(in: nested(101, "[", "]")) == .tooDeep)
        #expect(fault(in: nested(100, "{\"a\":", "}")) == nil)
        #expect(fault(in: nested(101, "{\"a\":", "}")) == .tooDeep)
    }

    @Test func `ten thousand levels are refused at the hundred and first`() throws {
        let error = #expect(throws: JSONError.self) { try JSON.parse(nested(10_000, "[", "]")) }
        #expect(error?.kind == .tooDeep)
        #expect(error?.offset == 100)
        #expect(error?.limit == 100)
        #expect(fault(in: String(repeating: "[", count: 10_000)) == .tooDeep)
        #expect(fault(in: String(repeating: "{\"a\":[", count: 10_000)) == .tooDeep)
    }

    @Test func `a body of ten MiB is refused before it is read`() {
        let body = [UInt8](repeating: UInt8(ascii: "["), count: 10 << 20)
        #expect(fault(in: body) == .tooLarge)
        #expect(throws: JSONError.self) { try JSON.parse(body) }
    }

    @Test func `a body of exactly the limit is accepted`() {
        #expect(fault(in: "[1, 2]", limits: JSONLimits(bytes: 6)) == nil)
        #expect(fault(in: "[1, 2 ]", limits: JSONLimits(bytes: 6)) == .tooLarge)
    }

    @Test func `a number of more than 64 characters is absurd`() {
        #expect(fault(in: String(repeating: "1", count: 64)) == nil)
        #expect(fault(in: String(repeating: "1", count: 65)) == .numberTooLong)
        #expect(fault(in: "0." + String(repeating: "3", count: 62)) == nil)
        #expect(fault(in: "0." + String(repeating: "3", count: 63)) == .numberTooLong)
        #expect(fault(in: "1e" + String(repeating: "0", count: 100_000) + "1") == .numberTooLong)
    }

    @Test func `a huge object is read in linear time`() throws {
        let count = 100_000
        let text = "{" + (0..<count).map { "\"key-\($0)\":0" }.joined(separator: ",") + "}"
        #expect(try JSON.parse(text).object?.count == count)
    }
}
