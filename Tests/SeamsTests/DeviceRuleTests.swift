import Testing
import TidemillSeams

@Suite struct DeviceRuleTests {
    @Test(arguments: ["c 1:3 rw", "c 136:* rw", "b 8:0 r", "c 195:255 rwm", "b 259:* w"])
    func `a rule is read back from its text`(text: String) throws {
        #expect(try #require(DeviceRule(text)).description == text)
    }

    @Test(arguments: [
        "", "a *:* rwm", "c 1:3", "c 1:3 ", "c 1:3 x", "x 1:3 rw", "c *:3 rw", "c 1 rw", "c 1:-3 rw", "c 1:3:4 rw",
        "c 2147483648:1 rw", "c 1:2147483648 rw", "c 1:3 rw m",
    ]) func `what is not a rule is refused`(text: String) {
        #expect(DeviceRule(text) == nil)
    }

    @Test func `every slice has the harmless devices, and none may make a node`() {
        #expect(
            DeviceRule.base.map(\.description) == [
                "c 1:3 rw", "c 1:5 rw", "c 1:7 rw", "c 1:8 rw", "c 1:9 rw", "c 5:0 rw", "c 5:2 rw", "c 136:* rw",
            ])
    }
}
