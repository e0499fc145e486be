import TidemillModel
import TidemillSeams
import TidemillWire

/// What is held on one node: the record that makes a share have one holder (invariants 1a and 4). Not served.
///
/// Every grant compares and raises it in the same transaction, so two grants never meet on one state of a node.
package struct NodeAllocation: Sendable, Equatable {
    /// One slice's hold on the node.
    package struct Holding: Sendable, Equatable {
        package var sliceUID: SliceUID
        package var namespace: String
        package var slice: String
        package var epoch: Epoch
        package var shares: [Kinds.Share]

        package init(sliceUID: SliceUID, namespace: String, slice: String, epoch: Epoch, shares: [Kinds.Share]) {
            self.sliceUID = sliceUID
            self.namespace = namespace
            self.slice = slice
            self.epoch = epoch
            self.shares = shares
        }
    }

    package var node: NodeID
    /// The boot of the newest grant.
    package var bootID: BootID
    /// The epoch of the newest grant; only grows (invariant 9), also when nothing is held any more.
    package var epoch: Epoch
    /// In the order of their grants.
    package var held: [Holding]

    package init(node: NodeID, bootID: BootID, epoch: Epoch = Epoch(0), held: [Holding] = []) {
        self.node = node
        self.bootID = bootID
        self.epoch = epoch
        self.held = held
    }

    /// Where all records lie in the store.
    package static let prefix = "internal/nodeallocations//"

    /// Where the record of `node` lies in the store.
    package static func key(_ node: NodeID) -> String { prefix + node.rawValue }
}

extension NodeAllocation: WireValue {
    package init(json: JSON) throws(DecodeFailure) {
        guard let node = json["node"]?.string, let boot = json["bootID"]?.string, let epoch = json["epoch"]?.integer,
            let held = json["held"]?.array
        else { throw DecodeFailure(message: "is no NodeAllocation") }
        self.init(node: NodeID(node), bootID: BootID(boot), epoch: Epoch(epoch))
        for item in held { self.held.append(try Holding(json: item)) }
    }

    package var json: JSON {
        [
            "node": .string(node.rawValue), "bootID": .string(bootID.rawValue), "epoch": .integer(epoch.rawValue),
            "held": .array(held.map(\.json)),
        ]
    }
}

extension NodeAllocation.Holding: WireValue {
    package init(json: JSON) throws(DecodeFailure) {
        guard let uid = json["sliceUID"]?.string, let namespace = json["namespace"]?.string,
            let slice = json["slice"]?.string, let epoch = json["epoch"]?.integer, let shares = json["shares"]?.array
        else { throw DecodeFailure(message: "is no holding of a NodeAllocation") }
        self.init(sliceUID: SliceUID(uid), namespace: namespace, slice: slice, epoch: Epoch(epoch), shares: [])
        for share in shares { self.shares.append(try Kinds.Share(json: share)) }
    }

    package var json: JSON {
        [
            "sliceUID": .string(sliceUID.rawValue), "namespace": .string(namespace), "slice": .string(slice),
            "epoch": .integer(epoch.rawValue), "shares": .array(shares.map(\.json)),
        ]
    }
}

extension NodeAllocation {
    /// The record that lies in the store; nil when it cannot be read.
    package init?(stored json: JSON) {
        do throws(DecodeFailure) {
            try self.init(json: json)
        } catch {
            return nil
        }
    }
}
