import Testing
import TidemillModel
import TidemillNodeCore
import TidemillNodeScenes
import TidemillSeams

@Suite struct CoreBookTests {
    /// Two domains of four cores: the first with two threads each, the second with one.
    static let domains = [
        DeviceID("n-cpu0"): CPUDomain(
            number: 0, cores: [[0, 4], [1, 5], [2, 6], [3, 7]], allocatableMilliCPU: 7200),
        DeviceID("n-cpu2"): CPUDomain(number: 2, cores: [[8], [9], [10], [11]], allocatableMilliCPU: 3600),
    ]

    static func held(_ number: Int64, _ milliCPU: Int64, on device: String, in book: CoreBook) -> HeldSlice {
        let grant = Scene.grant(epoch: number, milliCPU: milliCPU, device: device)
        let plan = SlicePlan(steps: [], cut: book.cut(grant), grade: .enforced, unenforced: [])
        return HeldSlice(
            uid: SliceUID("u\(number)"), namespace: "lab", name: "s", member: nil, grant: grant, phase: .prepared,
            plan: plan)
    }

    /// Takes grants one after another.
    static func cuts(_ asked: [(Int64, String)]) -> [SliceCut] {
        var held: [HeldSlice] = []
        for (index, (milliCPU, device)) in asked.enumerated() {
            let book = CoreBook(domains: domains, held: held)
            held.append(Self.held(Int64(index) + 1, milliCPU, on: device, in: book))
        }
        return held.compactMap(\.plan?.cut)
    }

    @Test func `a whole number of CPUs gets whole cores, from the highest down, and no quota`() {
        let cuts = Self.cuts([(2000, "n-cpu0"), (4000, "n-cpu0"), (1000, "n-cpu2")])
        #expect(cuts.map(\.cpus) == [[3, 7], [1, 2, 5, 6], [11]])
        #expect(cuts.allSatisfy { $0.isWhole && $0.quotaMilliCPU == nil && $0.memoryBytes == 1 << 30 })
        #expect(cuts.map(\.memoryNodes) == [[0], [0], [2]])
    }

    @Test(arguments: [(500 as Int64, "n-cpu0"), (1000, "n-cpu0"), (3000, "n-cpu0"), (1500, "n-cpu2")])
    func `what cores do not add up to shares the domain under a quota`(milliCPU: Int64, device: String) {
        let cuts = Self.cuts([(milliCPU, device)])
        #expect(cuts[0].cpus == Self.domains[DeviceID(device)]?.cpus.sorted())
        #expect(!cuts[0].isWhole && cuts[0].quotaMilliCPU == milliCPU)
    }

    @Test func `what is shared is never less than what is promised of it`() {
        // One CPU of four stays for those who share, and 900m of it are promised.
        let cuts = Self.cuts([
            (1000, "n-cpu2"), (900, "n-cpu2"), (1000, "n-cpu2"), (1000, "n-cpu2"), (100, "n-cpu2"),
        ])
        #expect(cuts.map(\.isWhole) == [true, false, true, true, false])
        #expect(cuts[4].cpus == [8])
        let late = Self.cuts([(900, "n-cpu2"), (900, "n-cpu2"), (2000, "n-cpu2"), (1000, "n-cpu2")])
        #expect(late.map(\.isWhole) == [false, false, true, false])
        #expect(late[3].cpus == [8, 9] && late[3].quotaMilliCPU == 1000)
    }

    @Test func `the last core is never given away`() {
        let domain = CPUDomain(number: 0, cores: [[0]], allocatableMilliCPU: 1000)
        let cut = CoreBook(domains: [DeviceID("n-cpu0"): domain]).cut(Scene.grant(milliCPU: 1000))
        #expect(!cut.isWhole && cut.cpus == [0] && cut.quotaMilliCPU == 1000)
    }

    @Test func `no two slices of any sequence meet on a core that one of them has whole`() {
        // Every order of a few sizes, with every second slice released on the way.
        let sizes: [Int64] = [1000, 2000, 500, 1000, 3000, 700]
        for shift in sizes.indices {
            var held: [HeldSlice] = []
            for turn in 0..<12 {
                let size = sizes[(turn * (shift + 1)) % sizes.count]
                let promised = held.compactMap { $0.grant.shares[0].milliCPU }.reduce(0, +)
                if promised + size <= 3600 {
                    let book = CoreBook(domains: Self.domains, held: held)
                    held.append(Self.held(Int64(turn + 1), size, on: "n-cpu2", in: book))
                } else {
                    held.remove(at: turn % held.count)
                }
                let book = CoreBook(domains: Self.domains, held: held)
                let whole = held.compactMap(\.plan?.cut).filter(\.isWhole).flatMap(\.cpus)
                let shared = book.shared(DeviceID("n-cpu2"))
                #expect(Set(whole).count == whole.count && Set(whole).isDisjoint(with: shared) && !shared.isEmpty)
                let promisedShared = held.filter { $0.plan?.cut.isWhole == false }
                    .compactMap { $0.grant.shares[0].milliCPU }.reduce(0, +)
                #expect(promisedShared <= Int64(shared.count) * 1000)
            }
        }
    }

    @Test func `shares of two domains add up, and a fraction is one of what is allocatable`() {
        var grant = Scene.grant(milliCPU: 250)
        grant.shares.append(
            HeldShare(device: DeviceID("n-cpu2"), memoryBytes: 1 << 20, compute: Rational(1, 2), cardUnits: .one))
        let cut = CoreBook(domains: Self.domains).cut(grant)
        #expect(cut.cpus == Array(0...11) && cut.memoryNodes == [0, 2] && cut.quotaMilliCPU == 250 + 1800)
        #expect(cut.memoryBytes == (1 << 30) + (1 << 20))
    }

    @Test func `a device that is no domain of CPUs binds nothing`() {
        let cut = CoreBook(domains: Self.domains).cut(Scene.grant(milliCPU: 1000, device: "other"))
        #expect(cut == SliceCut())
    }
}
