import Testing

@testable import TidemillWire

@Suite("JSONError")
struct JSONErrorTests {
    private func error(in text: String) throws -> JSONError {
        try #require(#expect(throws: JSONError.self) { try JSON.parse(text) })
    }

    @Test func `says line, column and path`() throws {
        let text = """
            {
              "spec": {
                "devices": [{"class": "a"}, {"compute": 01}]
              }
            }
            """
        let error = try error(in: text)
        #expect(error.kind == .leadingZero)
        #expect((error.line, error.column) == (3, 45))
        #expect(error.path == "spec.devices[1].compute")
        #expect(error.message == "line 3, column 45: number with a leading zero (in spec.devices[1].compute)")
    }

    @Test func `columns count characters, not bytes`() throws {
        let error = try error(in: "{\"ż😀\": x}")
        #expect(error.column == 8)
        #expect(error.offset == 12 - 1)
        #expect(error.message == "line 1, column 8: unexpected \"x\" (in ż😀)")
    }

    @Test func `keys that are no plain names stand in brackets`() throws {
        #expect(
            try error(in: #"{"metadata":{"labels":{"tidemill.dev/job":!}}}"#).path
                == "metadata.labels[tidemill.dev/job]")
        #expect(try error(in: #"[[{"":!}]]"#).path == "[0][0][]")
    }

    @Test func `names the key that is there twice`() throws {
        let error = try error(in: #"{"spec":{"a":1,"b":{},"a":2}}"#)
        #expect(error.path == "spec.a")
        #expect(error.message == "line 1, column 23: duplicate key (in spec.a)")
    }

    @Test func `spells bytes that cannot be shown`() throws {
        #expect(try error(in: "\u{1}").message == "line 1, column 1: unexpected byte 0x01")
        #expect(try error(in: "").message == "line 1, column 1: the document ends too early")
        #expect(try error(in: "1 ]").message == "line 1, column 3: unexpected \"]\" after the document")
    }

    @Test func `names the limit that was passed`() {
        let error = #expect(throws: JSONError.self) { try JSON.parse("[[1]]", limits: JSONLimits(depth: 1)) }
        #expect(error?.message == "line 1, column 2: nested deeper than 1 levels (in [0])")
        let large = #expect(throws: JSONError.self) { try JSON.parse("[[1]]", limits: JSONLimits(bytes: 2)) }
        #expect(large?.message == "the document is larger than 2 bytes")
    }
}
