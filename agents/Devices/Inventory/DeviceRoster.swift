import TidemillWire

/// A device as the API knows it.
package struct KnownDevice: Hashable, Sendable {
    package var name: String
    package var vendor: String
    /// `DeviceIdentity.text`, as in status.uuid.
    package var identity: String
    /// Where it was seen last.
    package var address: PCIAddress?

    package init(name: String, vendor: String, identity: String, address: PCIAddress?) {
        self.name = name
        self.vendor = vendor
        self.identity = identity
        self.address = address
    }

    /// Known by its place alone.
    var isOfSlot: Bool { identity.hasPrefix("slot-") }
}

/// Which card is which: names that stay with a card whatever slot it is put into, and with a slot as long as nothing tells
/// one card in it from another. Pure.
package struct DeviceRoster: Hashable, Sendable {
    package struct Entry: Hashable, Sendable {
        package var name: String
        package var identity: String
        /// Name of the Device whose place it has taken.
        package var replaces: String?
        package var device: FoundDevice
    }

    /// By address.
    package private(set) var entries: [Entry] = []
    /// Names of known devices that are not there now, sorted.
    package private(set) var missing: [String] = []

    /// - Parameter known: what the API has of this node's accelerators.
    package init(node: String, found: [FoundDevice], known: [KnownDevice] = []) {
        var known = known.sorted { $0.name < $1.name }
        var taken = Set(known.map(\.name))
        var names: [PCIAddress: (known: KnownDevice, identity: String)] = [:]
        func take(_ device: FoundDevice, _ isIt: (KnownDevice) -> Bool) -> KnownDevice? {
            known.firstIndex { $0.vendor == device.vendor.name && isIt($0) }.map { known.remove(at: $0) }
        }
        // What the card itself says comes first, wherever it is now.
        for device in found where device.identity.isOfCard {
            if let same = take(device, { $0.identity == device.identity.text }) {
                names[device.function.address] = (same, same.identity)
            }
        }
        var replaced: [PCIAddress: String] = [:]
        for device in found where names[device.function.address] == nil {
            let address = device.function.address
            guard let here = take(device, { $0.address == address }) else { continue }
            if here.isOfSlot || !device.identity.isOfCard {
                // A card of which more is known now, or less, as without its driver: nothing says that it is another.
                let identity = device.identity.isOfCard ? device.identity.text : here.identity
                names[address] = (here, identity)
            } else {
                replaced[address] = here.name
                known.append(here)
            }
        }
        for device in found.sorted(by: { $0.function.address < $1.function.address }) {
            let address = device.function.address
            if let (same, identity) = names[address] {
                entries.append(Entry(name: same.name, identity: identity, replaces: nil, device: device))
            } else {
                let name = Self.name(node, device, besides: taken)
                taken.insert(name)
                entries.append(
                    Entry(name: name, identity: device.identity.text, replaces: replaced[address], device: device))
            }
        }
        missing = known.map(\.name).sorted()
    }

    /// By address.
    package var names: [PCIAddress: String] {
        Dictionary(entries.map { ($0.device.function.address, $0.name) }, uniquingKeysWith: { first, _ in first })
    }

    /// `node1-nvidia-5f3a9c1e`: as many digits of what the identity hashes to as it takes to be alone.
    private static func name(_ node: String, _ device: FoundDevice, besides taken: Set<String>) -> String {
        var hash = SHA256()
        hash.update(Array("\(device.vendor.name)/\(device.identity.text)".utf8))
        let names = [8, 12, 16, 32, 64].map { "\(node)-\(device.vendor.name)-\(hash.hexadecimal.prefix($0))" }
        return names.first { !taken.contains($0) } ?? names[names.count - 1]
    }
}
