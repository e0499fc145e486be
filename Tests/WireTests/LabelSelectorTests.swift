import Testing

@testable import TidemillWire

@Suite("LabelSelector")
struct LabelSelectorTests {
    private static let labels = ["app": "web", "tier": "front", "empty": "", "tidemill.dev/job": "hello"]

    @Test(arguments: [
        ("", true), ("  ", true), ("app=web", true), ("app==web", true), ("app = web", true), ("app=db", false),
        ("app!=db", true), ("app!=web", false), ("absent!=x", true), ("absent=x", false), ("absent=", false),
        ("empty=", true), ("empty!=", false), ("app", true), ("absent", false), ("!absent", true), ("!app", false),
        ("! app", false),
        ("app in (web,db)", true), ("app in ( db , web )", true), ("app in (db)", false), ("absent in (x)", false),
        ("empty in ()", true), ("app in (,web)", true), ("app notin (db)", true), ("app notin (db,web)", false),
        ("absent notin (x)", true),
        ("app=web,tier=front", true), ("app=web,tier=back", false), ("app=web,!absent,tier in (front)", true),
        ("tidemill.dev/job=hello", true), ("tidemill.dev/job in (hello,other),app", true), ("app=web,app!=db", true),
        ("in=x", false), ("app=in", false),
    ])
    func `matches as kubectl expects`(text: String, expected: Bool) throws {
        let selector = try LabelSelector(parsing: text)
        #expect(selector.matches(Self.labels) == expected)
        #expect(try LabelSelector(parsing: selector.description) == selector)
    }

    @Test(arguments: [
        "=", "=a", "app=web,", ",app", "app,,tier", "app in", "app in web", "app in (web", "app in web)", "app web",
        "app=a=b",
        "app===web", "!", "!!app", "!app=web", "app notin", "app>1", "app < 2", "app=(web)", "app in ((web))", "-app",
        "a b/c=d", "app=we/b",
        "a/b/c=d", "app!", "()",
    ])
    func `refuses what it cannot read`(text: String) throws {
        let error = #expect(throws: SelectorError.self) { try LabelSelector(parsing: text) }
        #expect(error?.message.contains("\"\(text)\"") == true)
    }

    @Test func `is made of labels that must match`() {
        let selector = LabelSelector(matchLabels: ["b": "2", "a": "1"])
        #expect(selector.description == "a=1,b=2")
        #expect(selector.matches(["a": "1", "b": "2", "c": "3"]))
        #expect(!selector.matches(["a": "1"]))
        #expect(LabelSelector().matches([:]))
    }
}
