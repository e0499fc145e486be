import Logging
import Testing
import TidemillModel
import TidemillReconcilers
import TidemillSeams
import TidemillStore

/// The reconciler over a store: which changes free shares, and that none is missed.
@Suite struct AllocationReconcilerTests {
    private let resources = Resources(store: MemoryStore(), time: FixedTime(), randomness: CountedRandomness())
    private let node = NodeID("a")

    private func reconciler() -> AllocationReconciler {
        AllocationReconciler(
            mirror: ObjectMirror(resources), sleep: { _ in },
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    /// Slices that are granted on the node under epochs 1, 2 and so on, and its record.
    private func grant(_ names: [String]) async throws {
        try await resources.bootstrap()
        var record = NodeAllocation(node: node, bootID: BootID("b"))
        for name in names {
            try await resources.transact([
                .create(
                    Kinds.Slice(
                        metadata: ObjectMeta(name: name, namespace: "default"),
                        spec: Kinds.SliceSpec(
                            request: Kinds.SliceRequest(
                                cpu: try Quantity(parsing: "1"), memory: try Quantity(parsing: "1Gi")),
                            onDisconnect: Kinds.OnDisconnect(policy: .keep))))
            ])
            try await change(name) { slice in
                record.epoch = Epoch(record.epoch.rawValue + 1)
                slice.status.state = .reserved
                slice.status.grant = Kinds.Grant(
                    node: "a", bootID: "b", epoch: record.epoch.rawValue, token: 1, sliceUID: slice.metadata.uid,
                    shares: [Kinds.Share(device: "a-cpu0", cardUnits: "1/8")], policy: .keep)
                record.held.append(
                    .init(
                        sliceUID: SliceUID(slice.metadata.uid), namespace: "default", slice: name,
                        epoch: record.epoch, shares: []))
            }
        }
        try await resources.transact([.putRecord(key: NodeAllocation.key(node), record.json, expected: nil)])
    }

    private func change(_ name: String, _ body: (inout Kinds.Slice) -> Void) async throws {
        var slice = try #require(
            try await resources.read(Kinds.Slice.self, namespace: "default", name: name))
        body(&slice)
        try await resources.transact([.updateStatus(slice)])
    }

    private func held() async throws -> [String] {
        try await ObjectMirror(resources).allocations().flatMap(\.held).map(\.slice)
    }

    @Test func `shares come free with each way in which a grant can end, and with no other change`() async throws {
        try await grant(["kept", "released", "regranted", "deleted"])
        let reconciler = reconciler()
        await reconciler.tick()
        #expect(try await held() == ["kept", "released", "regranted", "deleted"])
        for name in ["kept", "released"] { try await change(name) { $0.status.state = .active } }
        await reconciler.tick()
        #expect(try await held() == ["kept", "released", "regranted", "deleted"])

        try await change("released") { $0.status.state = .released }
        await reconciler.tick()
        #expect(try await held() == ["kept", "regranted", "deleted"])
        try await change("regranted") { $0.status.grant?.epoch = 9 }
        await reconciler.tick()
        #expect(try await held() == ["kept", "deleted"])
        try await resources.transact([
            .delete(ObjectRef(kind: Kinds.Slice.info, namespace: "default", name: "deleted"), revision: nil)
        ])
        await reconciler.tick()
        #expect(try await held() == ["kept"])
    }

    @Test func `what ended while no controller ran is freed by the first look`() async throws {
        try await grant(["kept", "released"])
        try await change("released") { $0.status.state = .released }
        await reconciler().tick()
        #expect(try await held() == ["kept"])
    }
}
