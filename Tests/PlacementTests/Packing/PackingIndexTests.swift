import Testing
import TidemillPlacement
import TidemillSeams

/// The index decides as a plain scan of all nodes does, while work comes and goes.
@Suite struct PackingIndexTests {
    private struct Cluster {
        var kinds = NodeKinds()
        var rooms: [Room] = []
        var popularity: Popularity

        init(_ random: inout SeededGenerator, nodes: Int) {
            let choice = [
                NodeKind(milliCPU: 96_000, memoryMiB: 393_216, devices: 8, deviceClass: 0),
                NodeKind(milliCPU: 104_000, memoryMiB: 524_288, devices: 2, deviceClass: 1),
                NodeKind(milliCPU: 16_000, memoryMiB: 122_880, devices: 2, deviceClass: 2),
                NodeKind(milliCPU: 64_000, memoryMiB: 262_144, devices: 0, deviceClass: 0),
            ]
            for _ in 0..<nodes {
                let number = kinds.add(choice.randomElement(using: &random) ?? choice[0])
                rooms.append(Room(number, of: kinds.kinds[number]))
            }
            popularity = Popularity((0..<400).map { _ in RandomShapes.next(&random, classes: 3) })
        }
    }

    private func compare(
        _ policy: some PackingPolicy, _ cluster: Cluster, _ random: inout SeededGenerator, seed: UInt64
    ) {
        var index = PackingIndex(policy, kinds: cluster.kinds, nodes: cluster.rooms)
        var running: [(shape: Shape, place: Packed)] = []
        var placed = 0
        for step in 0..<600 {
            let shape = RandomShapes.next(&random, classes: 3)
            let found = index.best(for: shape)
            #expect(found == index.scan(for: shape), "seed \(seed), step \(step)")
            if let found {
                index.place(shape, found)
                running.append((shape, found))
                placed += 1
            }
            // Work ends in any order, and gives back to whichever device has room for it.
            if running.count > 150, let end = running.indices.randomElement(using: &random) {
                let (shape, place) = running.remove(at: end)
                var room = index[place.node]
                room.give(milliCPU: Int64(shape.milliCPU), memoryMiB: Int64(shape.memoryMiB))
                if shape.devices == 1,
                    let fullest = (0..<room.devices).first(where: { room[$0] + shape.deviceMilli <= 1000 })
                {
                    room.change(UInt16(room[fullest]), to: UInt16(room[fullest] + shape.deviceMilli))
                }
                index[place.node] = room
            }
        }
        #expect(placed > 100, "seed \(seed)")
    }

    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func `every decision is that of a scan`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let cluster = Cluster(&random, nodes: 130)
        var settings = FillPolicy.Settings()
        settings.sequences = 6
        compare(FillPolicy(cluster.popularity, kinds: cluster.kinds, settings: settings), cluster, &random, seed: seed)
        compare(
            FragmentationPolicy(typical: cluster.popularity.typical(), kinds: cluster.kinds), cluster, &random,
            seed: seed)
        compare(BestFitPolicy(cluster.kinds), cluster, &random, seed: seed)
    }

    @Test func `ties go to the first node`() {
        var kinds = NodeKinds()
        let number = kinds.add(NodeKind(milliCPU: 8000, memoryMiB: 1024, devices: 1, deviceClass: 0))
        let rooms = (0..<200).map { _ in Room(number, of: kinds.kinds[number]) }
        var index = PackingIndex(BestFitPolicy(kinds), kinds: kinds, nodes: rooms)
        let shape = Shape(milliCPU: 8000, memoryMiB: 1, devices: 1, deviceMilli: 1000)
        for node in 0..<200 {
            guard let found = index.best(for: shape) else { return #expect(Bool(false), "full at \(node)") }
            #expect(found.node == node)
            index.place(shape, found)
        }
        #expect(index.best(for: shape) == nil)
    }

    @Test func `another policy finds the nodes as they are`() {
        var random = SeededGenerator(seed: 3)
        let cluster = Cluster(&random, nodes: 40)
        var index = PackingIndex(BestFitPolicy(cluster.kinds), kinds: cluster.kinds, nodes: cluster.rooms)
        for _ in 0..<100 {
            let shape = RandomShapes.next(&random)
            if let found = index.best(for: shape) { index.place(shape, found) }
        }
        let before = (0..<index.count).map { index[$0] }
        index.replace(BestFitPolicy(cluster.kinds))
        #expect((0..<index.count).map { index[$0] } == before)
        let shape = RandomShapes.next(&random)
        #expect(index.best(for: shape) == index.scan(for: shape))
    }
}
