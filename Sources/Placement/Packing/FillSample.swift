import TidemillSeams

/// Sequences of shapes, drawn once, that are poured into rooms to see how much they still hold.
struct FillSample: Sendable {
    /// The same shape several times in a row.
    fileprivate struct Run: Sendable {
        var shape: Shape
        var times: Int32
    }

    /// The sequences for one kind of node, one after the other; `ends` says where each ends.
    fileprivate struct Sequences: Sendable {
        var runs: [Run] = []
        var ends: [Int] = []
        /// The least CPU that a run asks for, from this one to the end of its sequence.
        var leastMilliCPU: [Int32] = []

        /// The first run of which no device takes more than `milli`.
        @inline(__always)
        func first(of milli: Int32, from start: Int, to end: Int) -> Int {
            var (low, high) = (start, end)
            while low < high {
                let middle = (low + high) / 2
                if runs[middle].shape.deviceMilli > milli { low = middle + 1 } else { high = middle }
            }
            return low
        }
    }

    /// By the number of the kind.
    private let sequences: [Sequences]

    init(_ entries: [Popularity.Entry], kinds: [NodeKind], settings: FillPolicy.Settings) {
        let total = entries.reduce(0) { $0 + $1.share }
        var sum = 0.0
        let bounds = entries.map { entry in
            sum += entry.share / total
            return sum
        }
        sequences = kinds.map { kind in
            var random = SeededGenerator(seed: settings.seed)
            var drawn = Sequences()
            for _ in 0..<settings.sequences where !entries.isEmpty {
                let draws = Self.draw(kind.devices * settings.drawsPerDevice, bounds, &random)
                drawn.append(
                    draws.map { entries[$0].shape }.filter { kind.isOf($0) && Int($0.devices) <= kind.devices })
            }
            return drawn
        }
    }

    /// One draw from each of `count` equal parts of the distribution: a sequence is then a fair picture of the work to come,
    /// where free draws leave some sequences without any large shape.
    private static func draw(_ count: Int, _ bounds: [Double], _ random: inout SeededGenerator) -> [Int] {
        (0..<count).map { part in
            let within = Double(random.next() >> 11) / Double(UInt64(1) << 53)
            let at = (Double(part) + within) / Double(count)
            return bounds.firstIndex { at < $0 } ?? bounds.count - 1
        }
    }

    /// Mean thousandths of devices that find place in `room`.
    func fill(_ room: Room) -> Double {
        let sequences = sequences[Int(room.kind)]
        guard !sequences.ends.isEmpty else { return 0 }
        let most = room.freeMilli
        let largest = room[room.devices - 1]
        var placed: Int64 = 0
        var start = 0
        for end in sequences.ends {
            var pouring = Pouring(room)
            // The largest come first: nothing before this could take a device that has less than that free.
            var number = sequences.first(of: largest, from: start, to: end)
            while number < end, pouring.milliCPU >= sequences.leastMilliCPU[number], pouring.placed < most {
                pouring.pour(sequences.runs[number].shape, times: sequences.runs[number].times)
                number += 1
            }
            placed += Int64(pouring.placed)
            start = end
        }
        return Double(placed) / Double(sequences.ends.count)
    }
}

extension FillSample.Sequences {
    /// Appends one sequence, the largest shapes first, by what they take of one device and then in all; equal ones in the
    /// order of the draw.
    mutating func append(_ shapes: [Shape]) {
        let start = runs.count
        let ordered = shapes.enumerated().sorted { a, b in
            (-a.element.deviceMilli, -a.element.size, a.offset) < (-b.element.deviceMilli, -b.element.size, b.offset)
        }
        for shape in ordered.map(\.element) {
            if runs.count > start, runs[runs.count - 1].shape == shape {
                runs[runs.count - 1].times += 1
            } else {
                runs.append(FillSample.Run(shape: shape, times: 1))
            }
        }
        ends.append(runs.count)
        var least = Int32.max
        let minima = runs[start...].reversed().map { run in
            least = min(least, run.shape.milliCPU)
            return least
        }
        leastMilliCPU += minima.reversed()
    }
}

/// One sequence on its way into a copy of a room. What does not fit is skipped.
private struct Pouring {
    private(set) var milliCPU: Int32
    private var memoryMiB: Int32
    private var free: InlineArray<16, UInt16>
    private let devices: Int
    /// Thousandths of devices.
    private(set) var placed: Int32 = 0

    @inline(__always)
    init(_ room: Room) {
        milliCPU = room.milliCPU
        memoryMiB = room.memoryMiB
        free = room.free
        devices = room.devices
    }

    @inline(__always)
    mutating func pour(_ shape: Shape, times: Int32) {
        var times = times
        if shape.milliCPU > 0 { times = min(times, milliCPU / shape.milliCPU) }
        if shape.memoryMiB > 0 { times = min(times, memoryMiB / shape.memoryMiB) }
        guard times > 0 else { return }
        let poured = shape.isSharing ? share(shape, times) : spread(shape, times)
        milliCPU -= poured * shape.milliCPU
        memoryMiB -= poured * shape.memoryMiB
        placed += poured * shape.size
    }

    /// Each time on the device with the least that is enough.
    @inline(__always)
    private mutating func share(_ shape: Shape, _ times: Int32) -> Int32 {
        let wanted = UInt16(shape.deviceMilli)
        var left = times
        while left > 0 {
            var least = UInt16.max
            var place = -1
            for slot in 0..<devices where free[slot] >= wanted && free[slot] < least {
                least = free[slot]
                place = slot
            }
            guard place >= 0 else { break }
            // What is left of that device is the least again, as long as it is enough.
            let here = min(left, Int32(least / wanted))
            free[place] = least - UInt16(here) * wanted
            left -= here
        }
        return times - left
    }

    /// Several devices, or whole ones.
    @inline(__always)
    private mutating func spread(_ shape: Shape, _ times: Int32) -> Int32 {
        let wanted = UInt16(shape.deviceMilli)
        var enough: Int32 = 0
        for slot in 0..<devices where free[slot] >= wanted { enough += 1 }
        let poured = min(times, enough / shape.devices)
        var left = poured * shape.devices
        var slot = 0
        while left > 0 {
            if free[slot] >= wanted {
                free[slot] -= wanted
                left -= 1
            }
            slot += 1
        }
        return poured
    }
}
