import Testing
import TidemillLease
import TidemillModel
import TidemillNodeCore
import TidemillNodeScenes
import TidemillSeams

@testable import TidemillNodeAgent

/// A machine with one freezer, whose freezing takes `slowness` tries; `whileFreezing` happens in the middle of a try.
private actor OneFreezer: SliceHost {
    private(set) var isFrozen: Bool
    private(set) var tries = 0
    private let slowness: Int
    private let fails: Bool
    private let whileFreezing: @Sendable () async -> Void

    init(
        isFrozen: Bool = false, slowness: Int = 1, fails: Bool = false,
        whileFreezing: @escaping @Sendable () async -> Void = {}
    ) {
        self.isFrozen = isFrozen
        self.slowness = slowness
        self.fails = fails
        self.whileFreezing = whileFreezing
    }

    func freeze(_ key: SliceKey) async throws(SliceHostError) -> Bool {
        tries += 1
        if fails, tries == 1 { throw .failed("no") }
        await whileFreezing()
        isFrozen = true
        return tries >= slowness
    }

    func thaw(_ key: SliceKey) { isFrozen = false }

    func prepare(_ slice: HeldSlice) -> SliceProof? { nil }
    func bind(_ bindings: CPUBindings) {}
    func probe(_ slice: HeldSlice) -> SliceProof? { nil }
    func start(_: HeldSlice, _: Kinds.TaskTemplate, deadline: Deadline?) throws(SliceHostError) -> RunningTask {
        throw .failed("never")
    }
    func end(of slice: HeldSlice, _ task: RunningTask) -> Remains { .nothing }
    func askToEnd(_ task: RunningTask) {}
    func kill(_ task: RunningTask) {}
    func isAlive(_ key: SliceKey, _ task: RunningTask) -> Bool { true }
    func empty(_ slice: HeldSlice) -> ScrubRecord? { ScrubRecord() }
    func remains(of key: SliceKey) -> Remains { .nothing }
    func found() -> [SliceKey] { [] }
    func capLogs(_ tenants: [SliceKey: String]) {}
    func discard(_ key: SliceKey) {}
}

/// What the core wants, as it changes.
private actor Wish {
    private(set) var isFrozen: Bool?
    init(_ isFrozen: Bool?) { self.isFrozen = isFrozen }
    func become(_ next: Bool?) { isFrozen = next }
}

@Suite("Freezer")
struct FreezerTests {
    private func settle(_ host: OneFreezer, _ wish: Wish) async -> Bool? {
        await Freezer(host: host, pause: {}).settle(
            Scene.key, wanted: { await wish.isFrozen }, failed: { _ in })
    }

    @Test(arguments: [1, 3]) func `it asks until everything stands still`(slowness: Int) async {
        let host = OneFreezer(slowness: slowness)
        #expect(await settle(host, Wish(true)) == true)
        #expect(await host.isFrozen)
        #expect(await host.tries == slowness)
    }

    @Test func `a renewal that comes while a task is being frozen leaves it thawed`() async {
        let wish = Wish(true)
        let host = OneFreezer(whileFreezing: { await wish.become(false) })
        #expect(await settle(host, wish) == false)
        #expect(await !host.isFrozen)
    }

    @Test func `a try that fails is made again`() async {
        let host = OneFreezer(fails: true)
        #expect(await settle(host, Wish(true)) == true)
        #expect(await host.tries == 2)
    }

    @Test func `a grant that has ended is left to whoever ends it`() async {
        let wish = Wish(true)
        let host = OneFreezer(slowness: 9, whileFreezing: { await wish.become(nil) })
        #expect(await settle(host, wish) == nil)
        #expect(await host.tries == 1)
    }
}
