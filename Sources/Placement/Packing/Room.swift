/// What a node has left. Its devices are interchangeable, so only what is free of each is kept, in ascending order: two
/// nodes with equal rooms are equal to every policy.
package struct Room: Sendable {
    /// Devices of one node beyond these are not seen by policies.
    package static let mostDevices = 16

    /// The number of the node's kind.
    package let kind: Int32
    package private(set) var milliCPU: Int32
    package private(set) var memoryMiB: Int32
    /// How many of `free` are devices.
    package let devices: Int
    private(set) var free: InlineArray<16, UInt16>

    /// An empty node.
    package init(_ number: Int, of kind: NodeKind) {
        self.init(
            kind: number, milliCPU: kind.milliCPU, memoryMiB: kind.memoryMiB,
            free: Array(repeating: UInt16(Shape.whole), count: kind.devices))
    }

    /// - Parameter free: thousandths of each device that nobody holds; of more than 16 devices, the 16 freest count.
    package init(kind: Int, milliCPU: Int32, memoryMiB: Int32, free: [UInt16]) {
        self.kind = Int32(kind)
        self.milliCPU = milliCPU
        self.memoryMiB = memoryMiB
        let freest = free.sorted().suffix(Self.mostDevices)
        devices = freest.count
        self.free = InlineArray(repeating: 0)
        for (slot, amount) in freest.enumerated() { self.free[slot] = amount }
    }

    /// Thousandths free of the device at `slot`; slots are in ascending order of what is free.
    @inline(__always)
    package subscript(slot: Int) -> Int32 { Int32(free[slot]) }

    /// Thousandths free of all devices.
    package var freeMilli: Int32 {
        var sum: Int32 = 0
        for slot in 0..<devices { sum += self[slot] }
        return sum
    }

    /// Whether `shape` fits; whether devices of this class will do is the caller's to know.
    @inline(__always)
    package func fits(_ shape: Shape) -> Bool {
        guard milliCPU >= shape.milliCPU, memoryMiB >= shape.memoryMiB else { return false }
        let wanted = Int(shape.devices)
        return wanted == 0 || (wanted <= devices && self[devices - wanted] >= shape.deviceMilli)
    }

    /// Devices that have at least `milli` free.
    @inline(__always)
    func devices(with milli: Int32) -> Int32 {
        var count: Int32 = 0
        for slot in 0..<devices { count += self[slot] >= milli ? 1 : 0 }
        return count
    }

    /// What is left when `shape`, which fits, takes the devices from `slot` on.
    @inline(__always)
    package func after(_ shape: Shape, at slot: Int) -> Room {
        var room = self
        room.milliCPU -= shape.milliCPU
        room.memoryMiB -= shape.memoryMiB
        for device in 0..<Int(shape.devices) { room.take(UInt16(shape.deviceMilli), at: slot + device) }
        return room
    }

    /// Takes from one device, which moves down to its place in the order.
    @inline(__always)
    private mutating func take(_ milli: UInt16, at slot: Int) {
        let left = free[slot] - milli
        var place = slot
        while place > 0, free[place - 1] > left {
            free[place] = free[place - 1]
            place -= 1
        }
        free[place] = left
    }

    /// Takes CPUs and memory.
    package mutating func take(milliCPU: Int64, memoryMiB: Int64) {
        self.milliCPU = Int32(clamping: max(0, Int64(self.milliCPU) - milliCPU))
        self.memoryMiB = Int32(clamping: max(0, Int64(self.memoryMiB) - memoryMiB))
    }

    /// Gives CPUs and memory back.
    package mutating func give(milliCPU: Int64, memoryMiB: Int64) { take(milliCPU: -milliCPU, memoryMiB: -memoryMiB) }

    /// One device that has `before` free has `after` from now on; nothing happens where none has `before`.
    package mutating func change(_ before: UInt16, to after: UInt16) {
        guard var place = (0..<devices).first(where: { free[$0] == before }) else { return }
        while place > 0, free[place - 1] > after {
            free[place] = free[place - 1]
            place -= 1
        }
        while place + 1 < devices, free[place + 1] < after {
            free[place] = free[place + 1]
            place += 1
        }
        free[place] = after
    }
}

extension Room: Hashable {
    /// Four devices a word.
    @inline(__always)
    private var words: (UInt64, UInt64, UInt64, UInt64) {
        func word(_ slot: Int) -> UInt64 {
            UInt64(free[slot]) | UInt64(free[slot + 1]) << 16 | UInt64(free[slot + 2]) << 32
                | UInt64(free[slot + 3]) << 48
        }
        return (word(0), word(4), word(8), word(12))
    }

    package static func == (a: Room, b: Room) -> Bool {
        a.kind == b.kind && a.milliCPU == b.milliCPU && a.memoryMiB == b.memoryMiB && a.words == b.words
    }

    /// One word into the hasher, which is what costs.
    package func hash(into hasher: inout Hasher) {
        var mixed = UInt64(UInt32(bitPattern: kind)) << 32 ^ UInt64(UInt32(bitPattern: milliCPU))
        func mix(_ word: UInt64) {
            mixed = (mixed ^ word) &* 0x9E37_79B9_7F4A_7C15
            mixed ^= mixed >> 29
        }
        mix(UInt64(UInt32(bitPattern: memoryMiB)))
        mix(words.0)
        mix(words.1)
        if devices > 8 {
            mix(words.2)
            mix(words.3)
        }
        hasher.combine(mixed)
    }
}
