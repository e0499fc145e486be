import Testing
import TidemillModel

@testable import TidemillWire

/// Random shapes, written at random by three managers that apply and one that updates; every write is judged by an oracle
/// that knows paths and values alone.
@Suite struct ServerSideApplyPropertyTests {
    private static let version = "tidemill.dev/v1"

    /// An object and what was last applied to it.
    private struct World {
        var random: RandomApplies
        let shape: FieldShape
        var object: JSON = ["metadata": ["name": "x"]]
        var now = Timestamp(seconds: 0)
        var (applied, refused, dropped, forced) = (0, 0, 0, 0)

        var managed: ManagedFields { ManagedFields(of: object) }

        init(seed: UInt64) {
            var random = RandomApplies(seed: seed)
            shape = random.objectShape()
            self.random = random
        }
    }

    @Test(arguments: 0..<150 as Range<UInt64>)
    func `every write keeps the rules of ownership`(seed: UInt64) throws {
        var world = World(seed: seed)
        for _ in 0..<24 {
            world.now = Timestamp(seconds: world.now.seconds + 1)
            if world.random.chance(25) {
                try update(&world, seed)
            } else {
                try apply(&world, seed)
            }
            try checkOwners(world, seed)
        }
        // A run in which nothing of interest happens proves nothing.
        #expect(world.applied > 0, "seed \(seed)")
    }

    @Test func `the runs apply, refuse, force and drop often enough`() throws {
        var (applied, refused, dropped, forced) = (0, 0, 0, 0)
        for seed in 0..<20 as Range<UInt64> {
            var world = World(seed: seed)
            for _ in 0..<24 { try world.random.chance(25) ? update(&world, seed) : apply(&world, seed) }
            applied += world.applied
            refused += world.refused
            dropped += world.dropped
            forced += world.forced
        }
        #expect(applied > 200 && refused > 50 && dropped > 100 && forced > 20, "\((applied, refused, dropped, forced))")
    }

    // MARK: Writes

    private func apply(_ world: inout World, _ seed: UInt64) throws {
        let writer = FieldWriter(manager: ["a", "b", "c"][world.random.below(3)], apiVersion: Self.version)
        let key = ManagedFields.Key(writer, .apply)
        let force = world.random.chance(30)
        let configuration = AppliedConfiguration(world.random.value(world.shape) ?? [:], along: world.shape)
        let before = world.object
        let owners = before["metadata"]?["managedFields"] == nil ? firstOwners(world, writer) : world.managed
        let expected = conflicts(configuration, key, owners, before)
        do throws(ApplyFailure) {
            world.object = try ServerSideApply.apply(
                configuration, to: before, by: writer, force: force, now: world.now)
            #expect(force || expected.isEmpty, "seed \(seed): \(expected)")
        } catch {
            guard case .conflicts(let found) = error else { throw error }
            #expect(!force && Set(found.map(\.path)) == expected, "seed \(seed)")
            world.refused += 1
            return
        }
        world.applied += 1
        if !expected.isEmpty { world.forced += 1 }
        let own = world.managed[key]?.fields ?? FieldSet()
        #expect(own == configuration.fields, "seed \(seed)")
        for path in configuration.fields.paths where isLeaf(path, world.shape) {
            #expect(world.object.value(at: path) == configuration.tree.value(at: path), "seed \(seed): \(text(path))")
        }
        // Others lose what is taken by force, and nothing else.
        for (other, entry) in owners.sorted where other != key {
            let left = Set(entry.fields.paths).subtracting(expected)
            #expect(Set(world.managed[other]?.fields.paths ?? []) == left, "seed \(seed): \(other)")
        }
        checkDropped(&world, key, configuration, owners, seed)
        checkOthers(world, key, owners, before, seed)
        let again = try ServerSideApply.apply(
            configuration, to: world.object, by: writer, force: false, now: Timestamp(seconds: 1_000_000))
        #expect(again.text == world.object.text, "seed \(seed)")
    }

    private func update(_ world: inout World, _ seed: UInt64) throws {
        let writer = FieldWriter(manager: "u", apiVersion: Self.version)
        let before = world.object
        let change = world.random.value(world.shape) ?? [:]
        let new = world.random.thinned(world.shape.merged(before, with: change), world.shape).kept(along: world.shape)
        let owners = world.managed
        world.object = ServerSideApply.update(from: before, to: new, by: writer, along: world.shape, now: world.now)
        guard !owners.isEmpty else {
            #expect(world.object == new, "seed \(seed)")
            return
        }
        let key = ManagedFields.Key(writer, .update)
        checkOthers(world, key, owners, before, seed)
        let mine = Set(world.managed[key]?.fields.paths ?? [])
        for path in world.shape.fields(of: new).paths where isLeaf(path, world.shape) {
            guard before.value(at: path) != new.value(at: path) else { continue }
            #expect(mine.contains(path), "seed \(seed): \(text(path))")
            #expect(!owned(world.managed, but: key).contains(path), "seed \(seed): \(text(path))")
        }
    }

    // MARK: The oracle

    /// What a first apply finds: all that is there belongs to one entry.
    private func firstOwners(_ world: World, _ writer: FieldWriter) -> ManagedFields {
        let first = FieldWriter(manager: "before-first-apply", apiVersion: Self.version)
        let all = world.shape.fields(of: world.object).paths.filter {
            isLeaf($0, world.shape) || isItem($0, world.shape)
        }
        return ManagedFields([(.init(first, .update), .init(fields: set(all), time: world.now))])
    }

    /// Leaves that others own and that are applied with another value.
    private func conflicts(
        _ configuration: AppliedConfiguration, _ key: ManagedFields.Key, _ owners: ManagedFields, _ live: JSON
    ) -> Set<[FieldStep]> {
        let others = owned(owners, but: key)
        return Set(
            configuration.fields.paths.filter { path in
                isLeaf(path, configuration.shape) && others.contains(path)
                    && live.value(at: path) != configuration.tree.value(at: path)
            })
    }

    /// What the manager no longer says is gone, unless another owns it or something in it.
    private func checkDropped(
        _ world: inout World, _ key: ManagedFields.Key, _ configuration: AppliedConfiguration, _ owners: ManagedFields,
        _ seed: UInt64
    ) {
        let said = Set(configuration.fields.paths)
        let others = owned(owners, but: key)
        for path in owners[key]?.fields.paths ?? [] {
            let kept = { (paths: Set<[FieldStep]>) in paths.contains { $0.starts(with: path) } }
            if kept(said) || kept(others) || isIdentity(path) { continue }
            world.dropped += 1
            #expect(world.object.value(at: path) == nil, "seed \(seed): \(text(path)) is still there")
        }
    }

    /// What others own has the value that it had, or is theirs no more.
    private func checkOthers(
        _ world: World, _ key: ManagedFields.Key, _ owners: ManagedFields, _ before: JSON, _ seed: UInt64
    ) {
        for (other, entry) in world.managed.sorted where other != key {
            for path in entry.fields.paths where isLeaf(path, world.shape) {
                #expect(before.value(at: path) == world.object.value(at: path), "seed \(seed): \(text(path))")
            }
            let former = owners[other]?.fields ?? FieldSet()
            #expect(entry.fields.union(former) == former, "seed \(seed)")
            #expect(entry.time == owners[other]?.time, "seed \(seed)")
        }
    }

    /// Nobody owns what is not there, and all of it survives writing and reading.
    private func checkOwners(_ world: World, _ seed: UInt64) throws {
        for (_, entry) in world.managed.sorted {
            #expect(!entry.fields.isEmpty, "seed \(seed)")
            for path in entry.fields.paths {
                #expect(world.object.value(at: path) != nil, "seed \(seed): \(text(path)) is owned and not there")
            }
            #expect(try FieldSet(json: JSON.parse(entry.fields.json.text)) == entry.fields, "seed \(seed)")
        }
        #expect(try ManagedFields(of: JSON.parse(world.object.text)) == world.managed, "seed \(seed)")
    }

    private func owned(_ managed: ManagedFields, but key: ManagedFields.Key) -> Set<[FieldStep]> {
        Set(managed.sorted.filter { $0.key != key }.flatMap(\.entry.fields.paths))
    }

    private func isLeaf(_ path: [FieldStep], _ shape: FieldShape) -> Bool { self.shape(at: path, shape) == .leaf }

    private func isItem(_ path: [FieldStep], _ shape: FieldShape) -> Bool {
        self.shape(at: path.dropLast(), shape)?.isStructure == false
    }

    private func shape(at path: [FieldStep], _ shape: FieldShape) -> FieldShape? {
        path.reduce(Optional(shape)) { shape, step in
            switch shape {
            case .structure(let fields): if case .field(let name) = step { fields[name] } else { nil }
            case .map(let item), .listMap(_, let item): item
            case .set: .leaf
            default: nil
            }
        }
    }

    /// True for a member that tells an item apart: it stays as long as the item does.
    private func isIdentity(_ path: [FieldStep]) -> Bool {
        guard case .key(let members)? = path.dropLast().last, case .field(let name)? = path.last else { return false }
        return members.contains { $0.key == name }
    }

    private func set(_ paths: [[FieldStep]]) -> FieldSet {
        FieldSet(
            paths.map { path in
                path.dropLast().reversed().reduce(FieldSet.Node(path[path.count - 1], isMember: true)) { node, step in
                    FieldSet.Node(step, isMember: false, below: FieldSet([node]))
                }
            })
    }

    private func text(_ path: [FieldStep]) -> String { path.map(\.text).joined() }
}
