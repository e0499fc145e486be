import Testing

@testable import TidemillWire

/// The kind of fault in a document; nil when it is accepted.
func fault(in text: String, limits: JSONLimits = JSONLimits()) -> JSONError.Kind? {
    fault(in: Array(text.utf8), limits: limits)
}

func fault(in bytes: [UInt8], limits: JSONLimits = JSONLimits()) -> JSONError.Kind? {
    do {
        _ = try JSON.parse(bytes, limits: limits)
        return nil
    } catch {
        return error.kind
    }
}

@Suite("JSONParser")
struct JSONParserTests {
    @Test(
        arguments: [
            ("null", JSON.null), ("true", true), (" false\r\n\t", false), ("0", 0), ("-0", 0), ("-1", -1),
            ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
            ("9223372036854775808", .number("9223372036854775808")),
            ("-9223372036854775809", .number("-9223372036854775809")),
            ("18446744073709551616", .number("18446744073709551616")),
            ("1.0", .number("1.0")), ("-0.0", .number("-0.0")), ("1e3", .number("1e3")), ("2E-7", .number("2E-7")),
            ("1.25e+10", .number("1.25e+10")), ("123456789.125", .number("123456789.125")), ("1e308", .number("1e308")),
            ("\"\"", ""), ("[]", []), ("[ ]", []), ("{}", [:]), ("{ }", [:]), ("[1,[2,[]]]", [1, [2, []]]),
            (#"{"a":{"b":[null,true]},"c":"d"}"#, ["a": ["b": [.null, true]], "c": "d"]),
        ] as [(String, JSON)])
    func `reads values`(text: String, expected: JSON) throws {
        #expect(try JSON.parse(text) == expected)
    }

    @Test(arguments: [
        (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"), (#""\u0041\u00e9\u20AC""#, "Aé€"), (#""\u0000""#, "\0"),
        (#""\ud83d\ude00!""#, "😀!"), (#""\uDBFF\uDFFF""#, "\u{10FFFF}"), (#""\ufffe\uffff""#, "\u{FFFE}\u{FFFF}"),
        ("\"żółw 😀\"", "żółw 😀"), ("\"é\\n\"", "é\n"), ("\"\u{7F}\"", "\u{7F}"), ("\"\u{2028}\"", "\u{2028}"),
        (#""a longer string, beyond the small form""#, "a longer string, beyond the small form"),
    ])
    func `reads strings`(text: String, expected: String) throws {
        let read = try #require(try JSON.parse(text).string)
        #expect(Array(read.unicodeScalars) == Array(expected.unicodeScalars))
    }

    @Test(arguments: [
        ("", JSONError.Kind.unexpectedEnd), ("   ", .unexpectedEnd), ("[", .unexpectedEnd), ("[1", .unexpectedEnd),
        ("[1,", .unexpectedEnd), ("{", .unexpectedEnd), ("{\"a\"", .unexpectedEnd), ("{\"a\":", .unexpectedEnd),
        ("{\"a\":1", .unexpectedEnd), ("{\"a\":1,", .unexpectedEnd), ("\"abc", .unexpectedEnd),
        ("\"a\\", .unexpectedEnd),
        ("\"\\u12", .unexpectedEnd), ("\"\\\"", .unexpectedEnd),
        ("[1,]", .trailingComma), ("{\"a\":1,}", .trailingComma), ("[,1]", .unexpectedByte),
        ("[1,,2]", .unexpectedByte),
        ("{,}", .unexpectedByte), ("[1 2]", .unexpectedByte), ("{\"a\" 1}", .unexpectedByte),
        ("{a:1}", .unexpectedByte),
        ("{'a':1}", .unexpectedByte), ("{1:2}", .unexpectedByte), ("[1}", .unexpectedByte),
        ("{\"a\":1]", .unexpectedByte),
        ("1 1", .trailingData), ("{}x", .trailingData), ("[]]", .trailingData), ("null,", .trailingData),
        ("1//c", .trailingData),
        ("/*c*/1", .unexpectedByte), ("\u{C}1", .unexpectedByte), ("\u{A0}1", .unexpectedByte),
        ("NaN", .unexpectedByte),
        ("Infinity", .unexpectedByte), ("-Infinity", .invalidNumber), ("+1", .unexpectedByte), ("tru", .invalidLiteral),
        ("True", .unexpectedByte), ("nulL", .invalidLiteral), ("nan", .invalidLiteral), ("truex", .trailingData),
        ("01", .leadingZero), ("-01", .leadingZero), ("00", .leadingZero), ("0.", .invalidNumber),
        (".5", .unexpectedByte),
        ("1.e1", .invalidNumber), ("1e", .invalidNumber), ("1e+", .invalidNumber), ("-", .invalidNumber),
        ("0x10", .trailingData),
        ("1_000", .trailingData), ("1e400", .numberOutOfRange), ("-1e999999999", .numberOutOfRange),
        ("\"\n\"", .controlCharacter), ("\"\t\"", .controlCharacter), ("\"\0\"", .controlCharacter),
        ("\"\\n\u{1}\"", .controlCharacter),
        ("\"\\x41\"", .invalidEscape), ("\"\\u00g0\"", .invalidEscape), ("\"\\U0041\"", .invalidEscape),
        ("\"\\'\"", .invalidEscape),
        (#""\ud800""#, .loneSurrogate), (#""\udc00""#, .loneSurrogate), (#""\ud800x""#, .loneSurrogate),
        (#""\ud800\n""#, .loneSurrogate),
        (#""\ud800\ud800""#, .loneSurrogate), (#""\ud800\u0041""#, .loneSurrogate),
        (#""\udc00\ud800""#, .loneSurrogate),
        ("\u{FEFF}{}", .byteOrderMark), ("{\"a\":1,\"a\":2}", .duplicateKey), (#"{"a":1,"\u0061":2}"#, .duplicateKey),
    ])
    func `refuses what is not JSON`(text: String, expected: JSONError.Kind) {
        #expect(fault(in: text) == expected)
    }

    @Test(
        arguments: [
            [0x80], [0xBF], [0xC0, 0x80], [0xC1, 0xBF], [0xC3], [0xC3, 0x28], [0xE0, 0x80, 0x80], [0xE0, 0x9F, 0xBF],
            [0xE2, 0x82],
            [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF], [0xF0, 0x80, 0x80, 0x80], [0xF0, 0x8F, 0xBF, 0xBF],
            [0xF4, 0x90, 0x80, 0x80],
            [0xF5, 0x80, 0x80, 0x80], [0xFF], [0xFE], [0xF0, 0x9F, 0x98],
        ] as [[UInt8]])
    func `refuses invalid UTF-8 and says where`(sequence: [UInt8]) throws {
        let quote = UInt8(ascii: "\"")
        for prefix in ["ok é ", "escaped \\n "] {
            let bytes = [quote] + Array(prefix.utf8) + sequence + [quote]
            let error = #expect(throws: JSONError.self) { try JSON.parse(bytes) }
            #expect(error?.kind == .invalidUTF8)
            #expect(error?.offset == 1 + prefix.utf8.count)
        }
        #expect(fault(in: [UInt8(ascii: "{"), quote] + sequence + Array("\":1}".utf8)) == .invalidUTF8)
    }

    @Test func `an incomplete sequence is not completed by an escape`() {
        let bytes: [UInt8] = [0x22, 0xC3] + Array("\\u0029".utf8) + [0x22]
        #expect(fault(in: bytes) == .invalidUTF8)
    }

    @Test func `members keep their order`() throws {
        let text = #"{"z":1,"a":{"y":1,"b":2},"m":[3]}"#
        let read = try JSON.parse(text)
        #expect(read.object?.keys == ["z", "a", "m"])
        #expect(read["a"]?.object?.keys == ["y", "b"])
    }

    @Test(arguments: [2, 15, 16, 17, 18, 40, 1000])
    func `a key is refused the second time, however many members there are`(count: Int) throws {
        let members = (0..<count).map { "\"k\($0)\":\($0)" }
        #expect(try JSON.parse("{\(members.joined(separator: ","))}").object?.count == count)
        for repeated in [0, count / 2, count - 1] {
            let error = #expect(throws: JSONError.self) {
                try JSON.parse("{\((members + ["\"k\(repeated)\":0"]).joined(separator: ","))}")
            }
            #expect(error?.kind == .duplicateKey)
            #expect(error?.path == "k\(repeated)")
        }
    }

    @Test func `the same key in another object is no duplicate`() throws {
        #expect(try JSON.parse(#"{"a":{"a":1},"b":{"a":1}}"#) == ["a": ["a": 1], "b": ["a": 1]])
    }

    @Test func `takes bytes from anywhere`() throws {
        let document = Array(#"xx{"a":[1,2]}"#.utf8)
        let expected: JSON = ["a": [1, 2]]
        #expect(try JSON.parse(document[2...]) == expected)
        #expect(try JSON.parse(document.lazy.dropFirst(2).map { $0 }) == expected)
        #expect(try document.withUnsafeBytes { try JSON.parse(UnsafeRawBufferPointer(rebasing: $0[2...])) } == expected)
        #expect(fault(in: [UInt8]()) == .unexpectedEnd)
    }
}
