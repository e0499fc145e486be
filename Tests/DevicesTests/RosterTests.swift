import Testing
import TidemillDevices

/// Which card is which, over what happens to cards and machines.
@Suite struct RosterTests {
    private static let nvidia = Vendor.all[0]

    private static func card(_ slot: String, _ uuid: String? = nil) throws -> FoundDevice {
        let address = try #require(PCIAddress(parsing: slot))
        let function = PCIFunction(address: address, ids: PCIIDs(0x10DE, 0x20B2), classCode: 0x030200)
        return FoundDevice(
            vendor: nvidia, function: function, identity: uuid.map { .uuid($0) } ?? .slot(address), modelName: "A100")
    }

    /// What the API has after a look.
    private static func known(_ roster: DeviceRoster) -> [KnownDevice] {
        roster.entries.map {
            KnownDevice(
                name: $0.name, vendor: $0.device.vendor.name, identity: $0.identity,
                address: $0.device.function.address)
        }
    }

    private static func roster(_ found: [FoundDevice], _ known: [KnownDevice] = []) -> DeviceRoster {
        DeviceRoster(node: "n", found: found, known: known)
    }

    @Test func `a card keeps its name in another slot, after a reboot and a reinstallation`() throws {
        let first = Self.roster([try Self.card("3b:00.0", "GPU-1"), try Self.card("5e:00.0", "GPU-2")])
        let swapped = Self.roster(
            [try Self.card("3b:00.0", "GPU-2"), try Self.card("5e:00.0", "GPU-1")], Self.known(first))
        #expect(swapped.entries.map(\.name) == first.entries.map(\.name).reversed())
        #expect(swapped.entries.allSatisfy { $0.replaces == nil } && swapped.missing.isEmpty)
        // Nothing is known of it, and its name is the same.
        let anew = Self.roster([try Self.card("3b:00.0", "GPU-1"), try Self.card("5e:00.0", "GPU-2")])
        #expect(anew == first)
    }

    @Test func `another card in the same slot is another device, and says what it replaced`() throws {
        let first = Self.roster([try Self.card("3b:00.0", "GPU-1")])
        let next = Self.roster([try Self.card("3b:00.0", "GPU-9")], Self.known(first))
        #expect(next.entries.map(\.replaces) == [first.entries[0].name])
        #expect(next.entries[0].name != first.entries[0].name)
        #expect(next.missing == [first.entries[0].name])
    }

    @Test func `a card that was known by its slot is the same once its driver tells more, and when it tells no more`()
        throws
    {
        let bare = Self.roster([try Self.card("3b:00.0")])
        let told = Self.roster([try Self.card("3b:00.0", "GPU-1")], Self.known(bare))
        #expect(told.entries.map(\.name) == bare.entries.map(\.name))
        #expect(told.entries.map(\.identity) == ["GPU-1"])
        let silent = Self.roster([try Self.card("3b:00.0")], Self.known(told))
        #expect(silent.entries.map(\.name) == bare.entries.map(\.name))
        #expect(silent.entries.map(\.identity) == ["GPU-1"])
    }

    @Test func `a card that went is missing and comes back as itself`() throws {
        let first = Self.roster([try Self.card("3b:00.0", "GPU-1"), try Self.card("5e:00.0", "GPU-2")])
        let less = Self.roster([try Self.card("5e:00.0", "GPU-2")], Self.known(first))
        #expect(less.missing == [first.entries[0].name])
        let again = Self.roster(
            [try Self.card("5e:00.0", "GPU-2"), try Self.card("af:00.0", "GPU-1")], Self.known(first))
        #expect(Set(again.entries.map(\.name)) == Set(first.entries.map(\.name)))
    }

    @Test func `a card that is known does not take the name of one that moved into its slot`() throws {
        let first = Self.roster([try Self.card("3b:00.0", "GPU-1"), try Self.card("5e:00.0", "GPU-2")])
        // The first card left, the second moved into its slot, a new one into the second's.
        let next = Self.roster(
            [try Self.card("3b:00.0", "GPU-2"), try Self.card("5e:00.0", "GPU-3")], Self.known(first))
        let names = next.entries.map(\.name)
        #expect(names[0] == first.entries[1].name)
        #expect(!first.entries.map(\.name).contains(names[1]))
        #expect(next.missing == [first.entries[0].name])
    }
}
