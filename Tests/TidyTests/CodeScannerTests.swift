import Testing

@Suite("CodeScanner")
struct CodeScannerTests {
    @Test(arguments: [
        ("a // b", "a     "), ("a /* b */ c", "a         c"), ("a /* /* b */ c */ d", "a                 d"),
        (#"x = "try!""#, #"x = "    ""#), (#"x = "a\"b" + c"#, #"x = "    " + c"#),
        (##"x = #"a"b"# + c"##, ##"x = #"   "# + c"##),
        (#"x = "\(a + "b")c""#, #"x = " (a + " ") ""#), (##"x = #"\#(a)\(b)"#"##, ##"x = #"  (a)    "#"##),
        (#"x = "//" // y"#, #"x = "  "     "#), ("`a \"b`!", "`____`!"), ("#if DEBUG\na", "#if DEBUG\na"),
        ("f(a) + (b)) + \"c\"", "f(a) + (b)) + \" \""),
    ])
    func `comments and strings are blanked and code stays`(text: String, expected: String) {
        #expect(CodeScanner.code(of: text) == expected)
    }

    @Test func `lines stay where they are`() {
        let text = "let a = \"\"\"\n    try! \\(b!) \" \"\" x\n    \"\"\"\n/* public\n */ c"
        let code = CodeScanner.code(of: text)
        #expect(code == "let a = \"\"\"\n          (b!)       \n    \"\"\"\n         \n    c")
        #expect(code.count { $0 == "\n" } == text.count { $0 == "\n" })
    }

    @Test func `a string that is never closed ends with its line`() {
        #expect(CodeScanner.code(of: "a = \"b\nc") == "a = \" \nc")
        #expect(CodeScanner.code(of: "a /* b\nc") == "a     \n ")
    }
}
