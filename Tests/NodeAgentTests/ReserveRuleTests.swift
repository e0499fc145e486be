import Testing
import TidemillNodeAgent
import TidemillSeams

@Suite("ReserveRule")
struct ReserveRuleTests {
    typealias Amounts = ReserveRule.Amounts

    static func domain(_ cpus: Int64, mebibytes: Int64) -> Amounts {
        Amounts(milliCPU: cpus * 1000, memoryBytes: mebibytes << 20)
    }

    static func left(_ milliCPU: Int64, mebibytes: Int64) -> Amounts {
        Amounts(milliCPU: milliCPU, memoryBytes: mebibytes << 20)
    }

    @Test(arguments: [
        ([domain(16, mebibytes: 65536)], [left(14400, mebibytes: 58982)]),
        ([domain(1, mebibytes: 1024)], [left(800, mebibytes: 512)]),
        (
            [domain(3, mebibytes: 8192), domain(1, mebibytes: 2048)],
            [left(2700, mebibytes: 7372), left(900, mebibytes: 1843)]
        ),
        (
            [domain(8, mebibytes: 0), domain(0, mebibytes: 16384)],
            [left(7200, mebibytes: 0), left(0, mebibytes: 14745)]
        ),
        ([domain(0, mebibytes: 100)], [left(0, mebibytes: 0)]),
        ([], []),
    ])
    func `a tenth, at least 200m and 512Mi, is kept back and spread by size`(domains: [Amounts], expected: [Amounts]) {
        #expect(ReserveRule.allocatable(of: domains) == expected)
    }

    @Test func `no unit of the reserve is lost in spreading`() {
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<200 {
            let domains = (0..<Int.random(in: 1...9, using: &generator)).map { _ in
                Amounts(
                    milliCPU: Int64.random(in: 0...64, using: &generator) * 1000,
                    memoryBytes: Int64.random(in: 0...(1 << 36), using: &generator))
            }
            let total = domains.map(\.milliCPU).reduce(0, +)
            let kept = total - ReserveRule.allocatable(of: domains).map(\.milliCPU).reduce(0, +)
            #expect(kept == min(total, max(200, (total + 9) / 10)))
        }
    }
}
