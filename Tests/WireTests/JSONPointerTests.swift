import Testing

@testable import TidemillWire

@Suite("JSONPointer")
struct JSONPointerTests {
    @Test(
        arguments: [
            ("", []),
            ("/", [""]),
            ("//", ["", ""]),
            ("/a", ["a"]),
            ("/a/", ["a", ""]),
            ("/a/0/-", ["a", "0", "-"]),
            ("/a~1b/c~0d", ["a/b", "c~d"]),
            ("/~01", ["~1"]),
            ("/~00/~10", ["~0", "/0"]),
            ("/tidemill.dev~1job", ["tidemill.dev/job"]),
            ("/ /%2F/\\\"", [" ", "%2F", "\\\""]),
            ("/\u{301}a/\u{301}", ["\u{301}a", "\u{301}"]),
        ] as [(String, [String])])
    func `names one member or index after the other`(text: String, tokens: [String]) {
        #expect(JSONPointer(text)?.tokens == tokens)
    }

    @Test(arguments: ["a", "a/b", " /a", "~1", "/~", "/a~", "/~2", "/~a", "/~~0", "/a/~/b", "#/a", "\u{301}/a"])
    func `other texts are no pointer`(text: String) {
        #expect(JSONPointer(text) == nil)
    }

    @Test(
        arguments: [
            ("0", 0), ("7", 7), ("10", 10), ("9223372036854775807", Int.max), ("9223372036854775808", nil),
            ("", nil), ("-", nil), ("-1", nil), ("+1", nil), ("00", nil), ("01", nil), ("1e0", nil), ("1.0", nil),
            (" 1", nil), ("1 ", nil), ("0x1", nil), ("\u{661}", nil), ("1\u{301}", nil),
        ] as [(String, Int?)])
    func `an index has digits only, and no zero before them`(token: String, index: Int?) {
        #expect(JSONPointer.index(token) == index)
    }

    @Test func `encloses what is within it, and not itself`() throws {
        let place = try #require(JSONPointer("/a/b"))
        #expect(place.encloses(try #require(JSONPointer("/a/b/c"))))
        #expect(!place.encloses(place))
        #expect(!place.encloses(try #require(JSONPointer("/a"))))
        #expect(!place.encloses(try #require(JSONPointer("/a/bc/d"))))
        #expect(try #require(JSONPointer("")).encloses(place))
    }
}
