import Testing
import TidemillModel

@Suite struct NamesTests {
    @Test(arguments: ["a", "a-b.c", "0", "example.com", String(repeating: "a", count: 253)])
    func `a subdomain is fine`(_ name: String) {
        #expect(Names.problems(inSubdomain: name).isEmpty)
    }

    @Test(arguments: [
        "", "A", "-a", "a-", "a..b", ".a", "a.", "a_b", "a/b", "ä", "a b", String(repeating: "a", count: 254),
    ])
    func `a name that is no subdomain is refused`(_ name: String) {
        #expect(!Names.problems(inSubdomain: name).isEmpty)
    }

    @Test func `a label has no dots and 63 bytes`() {
        #expect(Names.problems(inLabel: "lab-a").isEmpty)
        #expect(!Names.problems(inLabel: "lab.a").isEmpty)
        #expect(Names.problems(inLabel: String(repeating: "a", count: 64)) == ["must be no more than 63 characters"])
    }

    @Test(arguments: ["a", "tidemill.dev/job", "A_b.C-d", "kubernetes.io/metadata.name"])
    func `a label key is fine`(_ key: String) {
        #expect(Names.problems(inLabelKey: key).isEmpty)
    }

    @Test(arguments: ["", "/", "/a", "a/", "a/b/c", "-a", "a b", "Upper.io/a", String(repeating: "a", count: 64)])
    func `a label key that is no qualified name is refused`(_ key: String) {
        #expect(!Names.problems(inLabelKey: key).isEmpty)
    }

    @Test func `a label's value may be empty but not odd`() {
        #expect(Names.problems(inLabelValue: "").isEmpty)
        #expect(Names.problems(inLabelValue: "v1.2_x").isEmpty)
        #expect(!Names.problems(inLabelValue: "-x").isEmpty)
        #expect(!Names.problems(inLabelValue: "a b").isEmpty)
        #expect(!Names.problems(inLabelValue: String(repeating: "a", count: 64)).isEmpty)
    }

    @Test func `a variable's name starts with a letter or an underscore`() {
        #expect(Names.problems(inEnvironmentName: "_A1").isEmpty)
        #expect(!Names.problems(inEnvironmentName: "1A").isEmpty)
        #expect(!Names.problems(inEnvironmentName: "A-B").isEmpty)
        #expect(!Names.problems(inEnvironmentName: "A=B").isEmpty)
        #expect(!Names.problems(inEnvironmentName: "").isEmpty)
    }
}
