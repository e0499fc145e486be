import TidemillModel
import TidemillSeams
import TidemillWire

/// Which operator's words that a node is dead are believed, and what has come back since (section 4, Silence and return).
///
/// A value. The word names one boot. It is believed only while the node is silent, and from then on nothing of the node is
/// heard before its agent has shown that it holds nothing, whatever boot or machine it is.
package struct ConfirmedDeaths: Sendable {
    /// What the controller makes of the word on one node.
    package enum Standing: Sendable, Equatable {
        /// The node is Lost.
        case believed
        /// The node was Lost and is back with nothing held: the word has done its part and goes.
        case returned
        /// The node was heard after the word was given: the word is wrong and goes.
        case refuted
        /// The word counts for nothing now: it names another boot, or the node still counts as heard.
        case ignored(String)
    }

    /// A boot of a machine that showed an empty inventory.
    private struct Return: Sendable, Equatable {
        var bootID: BootID
        var machineID: String
    }

    private enum Entry: Sendable, Equatable {
        case believed
        /// It showed that it holds nothing, and was not heard since.
        case returned(Return)
        /// Its heartbeats are accepted; the word only has to go.
        case accepted(Return)
    }

    /// The reason that a node's heartbeats are refused with.
    package static let reason = "NodeLost"
    /// What confirm-dead names where a node never reported a boot.
    package static let unknownBoot = "unknown"

    private var entries: [NodeID: Entry] = [:]

    package init() {}

    /// Whether whoever speaks for the node is to say what it holds: nobody who showed it was accepted yet.
    package func wantsInventory(of node: NodeID) -> Bool {
        switch entries[node] {
        case .believed, .returned: true
        case .accepted, nil: false
        }
    }

    /// Whether the node is Lost: confirmed dead, and not back.
    package func isLost(_ node: NodeID) -> Bool { entries[node] == .believed }

    /// Weighs the word on a node, or its absence; nil when there is none.
    ///
    /// - Parameters:
    ///   - isSilent: no agent of the node was heard within the detection time.
    ///   - isHeard: this controller itself hears the node.
    package mutating func weigh(_ node: Kinds.Node, isSilent: Bool, isHeard: Bool) -> Standing? {
        let name = NodeID(node.metadata.name)
        guard let word = node.spec.confirmedDead else {
            entries[name] = nil
            return nil
        }
        switch entries[name] {
        case .believed: return .believed
        // The word goes once the node is accepted: until then it keeps a place for whoever showed that it holds nothing.
        case .returned(let back):
            if !isHeard { return .believed }
            entries[name] = .accepted(back)
            return .returned
        case .accepted: return .returned
        case nil: break
        }
        if isHeard { return .refuted }
        let boot = node.status.bootID ?? Self.unknownBoot
        guard word.bootID == boot else {
            return .ignored("it names boot \(word.bootID), and the node's last boot is \(boot)")
        }
        guard isSilent else { return .ignored("the node has not been silent for long enough") }
        entries[name] = .believed
        return .believed
    }

    package mutating func forget(_ node: NodeID) {
        entries[node] = nil
    }

    /// Whether a heartbeat of the node comes from the boot that has shown that it holds nothing; nil when nothing was
    /// confirmed of the node.
    package func admits(_ heartbeat: Heartbeat) -> Bool? {
        switch entries[heartbeat.node] {
        case nil: nil
        case .believed: false
        case .returned(let back), .accepted(let back):
            back == Return(bootID: heartbeat.bootID, machineID: heartbeat.machineID)
        }
    }

    /// Judges what a Lost node holds: all of it is to end. True once nothing is left. What has ended holds nothing; only its
    /// report is outstanding. A boot that came after the one which showed this, and never was accepted, shows it anew.
    package mutating func take(_ inventory: Inventory) -> (stop: [InventoryReply.Stop], isSettled: Bool) {
        let boot = Return(bootID: inventory.bootID, machineID: inventory.machineID)
        guard wantsInventory(of: inventory.node), entries[inventory.node] != .returned(boot) else { return ([], true) }
        let left = inventory.held.filter { $0.phase != .ended }
        guard left.isEmpty else {
            return (
                left.map {
                    InventoryReply.Stop(uid: $0.uid, epoch: Epoch($0.grant.epoch), reason: Self.reason)
                }, false
            )
        }
        entries[inventory.node] = .returned(boot)
        return ([], true)
    }
}
