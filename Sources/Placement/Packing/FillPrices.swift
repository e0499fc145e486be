/// What a sample of ordinary size sees too rarely, as a worth on top of the fill.
struct FillPrices: Sendable {
    private struct Gang: Sendable {
        var shape: Shape
        /// Thousandths for each copy that fits.
        var weight: Double
    }

    /// For each free thousandth, by the number of the kind.
    private let scarcity: [Double]
    /// Shapes of several devices, by the number of the kind that holds them.
    private let gangs: [[Gang]]

    /// Scarcity of a kind: min(1, Σ dₜ · (1 − zₜ) / zₜ) over the shapes t that an empty node of it holds, with dₜ the shape's part of the
    /// demand for devices, and zₜ the part of all devices that is on nodes which hold t when empty.
    init(_ entries: [Popularity.Entry], kinds: NodeKinds, settings: FillPolicy.Settings) {
        let demand = entries.reduce(0) { $0 + $1.share * Double($1.shape.size) }
        let devices = Double(kinds.devices())
        var scarcity = kinds.kinds.map { _ in 0.0 }
        var gangs: [[Gang]] = kinds.kinds.map { _ in [] }
        for entry in entries {
            let part = entry.share * Double(entry.shape.size) / demand
            let within = Double(kinds.devices { $0.holds(entry.shape) }) / devices
            for (number, kind) in kinds.kinds.enumerated() where kind.holds(entry.shape) {
                if within < 1 { scarcity[number] += part * (1 - within) / within }
                if entry.shape.devices > 1 {
                    let weight = settings.gangs * part * Double(entry.shape.size)
                    gangs[number].append(Gang(shape: entry.shape, weight: weight))
                }
            }
        }
        self.scarcity = scarcity.map { min(1, $0) * settings.scarcity }
        self.gangs = settings.gangs > 0 ? gangs : kinds.kinds.map { _ in [] }
    }

    func worth(_ room: Room) -> Double {
        var worth = scarcity[Int(room.kind)] * Double(room.freeMilli)
        for gang in gangs[Int(room.kind)] {
            let shape = gang.shape
            var copies = room.devices(with: shape.deviceMilli) / shape.devices
            if shape.milliCPU > 0 { copies = min(copies, room.milliCPU / shape.milliCPU) }
            if shape.memoryMiB > 0 { copies = min(copies, room.memoryMiB / shape.memoryMiB) }
            worth += gang.weight * Double(copies)
        }
        return worth
    }
}
