import TidemillModel
import TidemillSeams

/// How nodes look to policies: the kinds of nodes, and each node's room.
struct NodeRooms: Sendable {
    private(set) var kinds = NodeKinds()
    /// Sets of classes that accelerators of one node belong to, by number; 0 is none.
    private var families: [Set<String>] = [[]]

    /// The room of `node`, in thousandths of its accelerators. A kind that was never seen is added.
    mutating func room(of node: NodeSnapshot) -> Room {
        let kind = kind(of: node)
        let number = kinds.number(of: kind) ?? kinds.add(kind)
        var milliCPU: Int64 = 0
        var bytes: Int64 = 0
        var free: [UInt16] = []
        for index in node.devices.indices {
            let (traits, left) = (node.devices[index].traits, node.devices[index].free)
            if traits.isCPU {
                milliCPU += left.milliCPU
                bytes += left.memoryBytes
            } else {
                let isUsable = node.devices[index].isHealthy && !node.devices[index].isCordoned
                free.append(isUsable ? traits.milli(of: left) : 0)
            }
        }
        return Room(
            kind: number, milliCPU: Int32(clamping: milliCPU), memoryMiB: Int32(clamping: bytes >> 20), free: free)
    }

    /// What is left of `room` once an offer of one of the node's devices is taken, of which so much was free.
    func take(_ offer: Offer, of traits: DeviceSnapshot.Traits, free: DeviceAmounts, from room: inout Room) {
        guard !traits.isCPU else {
            room.take(
                milliCPU: offer.amounts.milliCPU, memoryMiB: (offer.amounts.memoryBytes + (1 << 20) - 1) >> 20)
            return
        }
        var left = DeviceAmounts()
        if offer.grade != .exclusive {
            left = free
            left.subtract(offer.amounts)
        }
        room.change(traits.milli(of: free), to: traits.milli(of: left))
    }

    /// One more node; how many there are of a kind bears on what is scarce.
    mutating func count(_ node: NodeSnapshot) { _ = kinds.add(kind(of: node)) }

    private mutating func kind(of node: NodeSnapshot) -> NodeKind {
        var milliCPU: Int64 = 0
        var bytes: Int64 = 0
        var devices = 0
        var classes: Set<String> = []
        for device in node.devices {
            if device.isCPU {
                milliCPU += device.allocatable.milliCPU
                bytes += device.allocatable.memoryBytes
            } else {
                devices += 1
                classes.formUnion(device.classes.keys)
            }
        }
        return NodeKind(
            milliCPU: Int32(clamping: milliCPU), memoryMiB: Int32(clamping: bytes >> 20),
            devices: min(devices, Room.mostDevices), deviceClass: family(classes))
    }

    private mutating func family(_ classes: Set<String>) -> Int {
        if let known = families.firstIndex(of: classes) { return known }
        families.append(classes)
        // Families beyond 64 share the last number: they are scored alike, and fit is decided elsewhere.
        return min(families.count - 1, 63)
    }

    /// The families whose nodes have devices of all these classes, a bit each.
    func families(with classes: Set<String>) -> UInt64 {
        families.enumerated().reduce(0) { bits, family in
            classes.isSubset(of: family.element) ? bits | 1 << UInt64(min(family.offset, 63)) : bits
        }
    }

    /// Whether two nodes are of one kind.
    mutating func areAlike(_ one: NodeSnapshot, _ other: NodeSnapshot) -> Bool { kind(of: one) == kind(of: other) }
}

extension Ask {
    /// What a member asks for, as policies see it, and the classes of its devices. Memory of a device counts as its part of
    /// `example`, a device of the class.
    func shape(example: (String) -> DeviceSnapshot?) -> (Shape, classes: Set<String>) {
        var shape = Shape(milliCPU: 0, memoryMiB: 0)
        var classes: Set<String> = []
        for need in needs {
            guard let device = example(need.deviceClass) else { continue }
            let amounts = need.amounts(on: device.kind)
            if device.isCPU {
                shape.milliCPU += Int32(clamping: amounts.milliCPU)
                shape.memoryMiB += Int32(clamping: (amounts.memoryBytes + (1 << 20) - 1) >> 20)
                continue
            }
            let isWhole = device.classes[need.deviceClass].flatMap { need.grade(of: $0) } == .exclusive
            let units = need.cardUnits(of: amounts, on: device, grade: isWhole ? .exclusive : .enforced)
            shape.devices += 1
            shape.deviceMilli = max(shape.deviceMilli, Int32(min(1000, max(1, units.ceiling(of: 1000)))))
            classes.insert(need.deviceClass)
        }
        return (shape, classes)
    }
}

extension DeviceSnapshot.Traits {
    /// Thousandths of an accelerator that shares can still have: the scarcer of its compute and its memory.
    fileprivate func milli(of left: DeviceAmounts) -> UInt16 {
        let memory = (left.memoryBytes >> 20) * 1000 / capacityMiB
        return UInt16(max(0, min(1000, memory, left.compute.millionths / 1000)))
    }
}
