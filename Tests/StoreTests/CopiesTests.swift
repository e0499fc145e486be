import Testing
import TidemillModel
import TidemillSeams
import TidemillStore
import TidemillWire

@Suite struct CopiesTests {
    /// Writes and deletes records at random, and compares what the mirror shows with a dictionary.
    @Test(arguments: [1, 2, 3] as [UInt64])
    func `copies show what is there, and their differences what changed`(seed: UInt64) async throws {
        let store = MemoryStore()
        let resources = Resources(store: store, time: MovableTime(), randomness: Dice(seed: seed))
        let mirror = ObjectMirror(resources)
        var dice = SeededGenerator(seed: seed)
        var model: [String: (epoch: Int64, revision: Revision)] = [:]
        var before = try await mirror.allocations()
        var modelBefore = model
        for step in 1...60 {
            // Large steps cut chunks in two and empty them; small ones leave most as they are.
            for _ in 0..<(step % 7 == 0 ? 400 : 3) {
                let name = "node-\(dice.next() % 500)"
                let key = NodeAllocation.key(NodeID(name))
                if dice.next() % 3 == 0, let known = model[name] {
                    try await resources.transact([.deleteRecord(key: key, expected: known.revision)])
                    model[name] = nil
                } else {
                    let record = NodeAllocation(
                        node: NodeID(name), bootID: BootID("b"), epoch: Epoch(Int64(dice.next() % 1_000_000)))
                    let revision = try await resources.transact([
                        .putRecord(key: key, record.json, expected: model[name]?.revision)
                    ])
                    model[name] = (record.epoch.rawValue, revision)
                }
            }
            let now = try await mirror.allocations()
            #expect(now.map(\.node.rawValue) == model.keys.sorted())
            #expect(now.count == model.count)
            #expect(now.map(\.epoch.rawValue) == model.sorted { $0.key < $1.key }.map(\.value.epoch))
            let names = (0..<500).map { "node-\($0)" }
            #expect(
                names.map { now[NodeAllocation.key(NodeID($0))]?.revision } == names.map { model[$0]?.revision })
            let expected = Set(model.keys).union(modelBefore.keys)
                .filter { model[$0]?.revision != modelBefore[$0]?.revision }.sorted()
            let differences = now.differences(from: before)
            #expect(differences.map { $0.new?.value.node.rawValue ?? $0.old?.value.node.rawValue } == expected)
            for difference in differences {
                let name = try #require((difference.new ?? difference.old)?.value.node.rawValue)
                #expect(difference.old?.revision == modelBefore[name]?.revision)
                #expect(difference.new?.revision == model[name]?.revision)
            }
            (before, modelBefore) = (now, model)
        }
    }
}
