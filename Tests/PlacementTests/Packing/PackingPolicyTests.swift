import Testing
import TidemillPlacement

@Suite struct PackingPolicyTests {
    private static func kinds() -> NodeKinds {
        var kinds = NodeKinds()
        _ = kinds.add(NodeKind(milliCPU: 8000, memoryMiB: 65_536, devices: 2, deviceClass: 0))
        return kinds
    }

    private static func valued(_ policy: some PackingPolicy, _ room: Room) -> Valued {
        Valued(room, worth: policy.worth(room))
    }

    private static func score(_ policy: some PackingPolicy, _ shape: Shape, _ room: Room, at slot: Int) -> UInt8 {
        policy.score(before: valued(policy, room), after: valued(policy, room.after(shape, at: slot)))
    }

    /// By hand: half of the pods ask for 1 CPU and 500 thousandths, half for 4 CPUs and no device.
    @Test func `fragmentation is what typical work cannot use`() {
        let popularity = Popularity([
            Shape(milliCPU: 1000, memoryMiB: 0, devices: 1, deviceMilli: 500), Shape(milliCPU: 4000, memoryMiB: 0),
        ])
        let policy = FragmentationPolicy(typical: popularity.typical(1), kinds: Self.kinds())
        // Devices with 300 and 1000 free: the first is too small for the one, and all is useless to the other.
        let room = Room(kind: 0, milliCPU: 8000, memoryMiB: 65_536, free: [300, 1000])
        #expect(policy.fragmentation(room) == 0.5 * 300 + 0.5 * 1300)
        // Without CPUs nobody can use any of it.
        #expect(policy.fragmentation(Room(kind: 0, milliCPU: 500, memoryMiB: 65_536, free: [300, 1000])) == 1300)
    }

    @Test func `best fit is the published formula`() {
        let policy = BestFitPolicy(Self.kinds())
        let room = Room(0, of: Self.kinds().kinds[0])
        let shape = Shape(milliCPU: 4000, memoryMiB: 0, devices: 1, deviceMilli: 500)
        // 100 · (1 − ½ · 4000/8000 − ½ · 1500/2000).
        #expect(Self.score(policy, shape, room, at: 0) == 37)
    }

    @Test func `a full node is worth nothing and an empty one at most its devices`() {
        let popularity = Popularity(
            (0..<50).map { _ in Shape(milliCPU: 1000, memoryMiB: 1, devices: 1, deviceMilli: 500) })
        var settings = FillPolicy.Settings()
        settings.scarcity = 0
        let policy = FillPolicy(popularity, kinds: Self.kinds(), settings: settings)
        #expect(policy.worth(Room(kind: 0, milliCPU: 8000, memoryMiB: 65_536, free: [0, 0])) == 0)
        #expect(policy.worth(Room(0, of: Self.kinds().kinds[0])) == 2000)
        #expect(policy.worth(Room(kind: 0, milliCPU: 999, memoryMiB: 65_536, free: [1000, 1000])) == 0)
    }

    /// All of the work asks for 600: the node that has 600 left on a device is better than one with an untouched device.
    @Test func `a placement that wastes less scores more`() {
        let shape = Shape(milliCPU: 100, memoryMiB: 1, devices: 1, deviceMilli: 600)
        let policy = FillPolicy(Popularity([shape]), kinds: Self.kinds())
        let room = Room(kind: 0, milliCPU: 8000, memoryMiB: 65_536, free: [600, 1000])
        let small = Shape(milliCPU: 100, memoryMiB: 1, devices: 1, deviceMilli: 400)
        #expect(Self.score(policy, shape, room, at: 0) >= Self.score(policy, shape, room, at: 1))
        #expect(Self.score(policy, small, room, at: 1) > Self.score(policy, small, room, at: 0))
    }

    @Test func `equal settings give equal samples and another seed another`() {
        let popularity = Popularity([
            Shape(milliCPU: 1000, memoryMiB: 1, devices: 1, deviceMilli: 300),
            Shape(milliCPU: 3000, memoryMiB: 1, devices: 1, deviceMilli: 700),
            Shape(milliCPU: 3000, memoryMiB: 1, devices: 1, deviceMilli: 450),
        ])
        let room = Room(kind: 0, milliCPU: 3500, memoryMiB: 65_536, free: [700, 1000])
        func worth(_ seed: UInt64) -> Double {
            var settings = FillPolicy.Settings()
            settings.seed = seed
            settings.drawsPerDevice = 1
            settings.sequences = 3
            return FillPolicy(popularity, kinds: Self.kinds(), settings: settings).worth(room)
        }
        #expect(worth(1) == worth(1))
        #expect(Set((1...8).map(worth)).count > 1)
    }
}
