/// What one unit of work asks of one node, in the whole numbers that policies score with.
///
/// Scores decide what is better, never what fits: shares are rounded up and what is free is rounded down.
package struct Shape: Hashable, Sendable {
    /// A whole device, in the thousandths of `deviceMilli`.
    package static let whole: Int32 = 1000

    /// Thousandths of a CPU.
    package var milliCPU: Int32
    package var memoryMiB: Int32
    /// Devices on one node; 0 when it asks for CPUs and memory alone.
    package var devices: Int32
    /// Of each device, 1...1000; 0 without devices.
    package var deviceMilli: Int32
    /// Bit i is set when devices of class i will do.
    package var classes: UInt64

    package init(
        milliCPU: Int32, memoryMiB: Int32, devices: Int32 = 0, deviceMilli: Int32 = 0, classes: UInt64 = .max
    ) {
        self.milliCPU = milliCPU
        self.memoryMiB = memoryMiB
        self.devices = devices
        self.deviceMilli = devices == 0 ? 0 : deviceMilli
        self.classes = classes
    }

    /// Thousandths of devices in all.
    package var size: Int32 { devices * deviceMilli }

    /// One device that others may share.
    var isSharing: Bool { devices == 1 && deviceMilli < Self.whole }
}

/// What makes nodes alike, whatever they hold: their capacity and the class of their devices.
package struct NodeKind: Hashable, Sendable {
    package var milliCPU: Int32
    package var memoryMiB: Int32
    package var devices: Int
    /// 0...63.
    package var deviceClass: Int

    package init(milliCPU: Int32, memoryMiB: Int32, devices: Int, deviceClass: Int) {
        self.milliCPU = milliCPU
        self.memoryMiB = memoryMiB
        self.devices = devices
        self.deviceClass = deviceClass
    }

    /// Whether devices of this kind will do for `shape`.
    package func isOf(_ shape: Shape) -> Bool {
        shape.devices == 0 || shape.classes >> UInt64(deviceClass) & 1 == 1
    }

    /// Whether an empty node of this kind holds `shape`.
    func holds(_ shape: Shape) -> Bool {
        isOf(shape) && shape.milliCPU <= milliCPU && shape.memoryMiB <= memoryMiB && Int(shape.devices) <= devices
    }
}

/// The kinds of a cluster, and how many nodes there are of each.
package struct NodeKinds: Sendable, Equatable {
    package private(set) var kinds: [NodeKind] = []
    package private(set) var nodes: [Int] = []
    private var numbers: [NodeKind: Int] = [:]

    package init() {}

    /// The number of a kind that was seen.
    package func number(of kind: NodeKind) -> Int? { numbers[kind] }

    /// Counts one more node of `kind`, and returns the kind's number.
    package mutating func add(_ kind: NodeKind) -> Int {
        if let number = numbers[kind] {
            nodes[number] += 1
            return number
        }
        numbers[kind] = kinds.count
        kinds.append(kind)
        nodes.append(1)
        return kinds.count - 1
    }

    /// Devices of all nodes for whose kind `condition` holds.
    func devices(where condition: (NodeKind) -> Bool = { _ in true }) -> Int {
        zip(kinds, nodes).reduce(0) { $0 + (condition($1.0) ? $1.0.devices * $1.1 : 0) }
    }
}
