import Testing

@testable import TidemillScheduler

@Suite struct ExplainingTests {
    private func told(gangs: Int, nodes: Int, turn: Int, isNew: (Int) -> Bool = { _ in false }) -> [Int] {
        var explaining = Explaining(gangs: gangs, nodes: nodes, turn: turn)
        return (0..<gangs).filter { explaining.tells($0, isNew: isNew($0)) }
    }

    @Test func `on a small cluster every gang is told in every cycle`() {
        #expect(told(gangs: 500, nodes: 100, turn: 7) == Array(0..<500))
        #expect(told(gangs: 0, nodes: 100, turn: 7) == [])
    }

    @Test func `on a large one each is told in its turn`() {
        let turns = (0..<4).map { told(gangs: 20, nodes: 10_000, turn: $0) }
        #expect(turns.allSatisfy { $0.count == 5 })
        #expect(Set(turns.flatMap { $0 }) == Set(0..<20))
    }

    @Test func `those that were never told anything come before their turn`() {
        #expect(told(gangs: 20, nodes: 10_000, turn: 0) { $0 >= 12 } == Array(0..<5) + Array(12..<17))
    }
}
