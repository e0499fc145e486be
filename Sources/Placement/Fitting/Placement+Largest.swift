import TidemillModel
import TidemillSeams

extension Placement {
    /// How much of a gang that never fits the known nodes could hold when empty.
    mutating func largest(for gang: PendingGang) -> Largest {
        let choices = ClassChoice.all(
            of: gang.request, minimizing: gang.constraints.minimize ?? .cost, prices: prices)
        let emptied = nodes.map(\.emptied)
        let members = choices.map { roomWhenEmpty(for: gang, Ask(gang, $0), emptied) }.max() ?? 0
        guard members == 0, let choice = choices.first else { return Largest(members: members, limits: []) }
        let selection = NodeSelection(gang.constraints)
        var seen: Set<Standing> = []
        let kinds = emptied.filter { selection.constraint(against: $0) == nil && seen.insert(Standing($0)).inserted }
        func fits(_ request: Kinds.SliceRequest) -> Bool {
            var gang = gang
            gang.request = request
            let ask = Ask(gang, choice)
            var offers = Offers(ask.needs)
            return kinds.contains { !ask.fit.ways(on: $0, &offers).isEmpty }
        }
        let limits = Amount.all(of: gang.request).compactMap { $0.limit(gang.request, fits) }
        return Largest(members: 0, limits: limits)
    }
}

/// One amount of a request, as a whole number that can be made smaller.
private struct Amount {
    var field: String
    var asked: Int64
    var text: String
    /// The request with another amount.
    var change: (Kinds.SliceRequest, Int64) -> Kinds.SliceRequest
    var show: (Int64) -> String

    /// The largest amount with which the request fits, when it does with a smaller one.
    func limit(_ request: Kinds.SliceRequest, _ fits: (Kinds.SliceRequest) -> Bool) -> Largest.Limit? {
        guard asked > 1, !fits(request), fits(change(request, 1)) else { return nil }
        var (enough, tooMuch) = (Int64(1), asked)
        while tooMuch - enough > 1 {
            let middle = enough + (tooMuch - enough) / 2
            if fits(change(request, middle)) { enough = middle } else { tooMuch = middle }
        }
        return Largest.Limit(field: field, asked: text, largest: show(enough))
    }

    static func all(of request: Kinds.SliceRequest) -> [Amount] {
        var all: [Amount] = []
        if let cpu = request.cpu {
            all.append(
                Amount(
                    field: "cpu", asked: cpu.ceilingOfMilli, text: cpu.text,
                    change: { request, value in
                        var request = request
                        request.cpu = Quantity(milliCPU: value)
                        return request
                    }, show: { Quantity(milliCPU: $0).text }))
        }
        if let memory = request.memory {
            all.append(
                bytes("memory", memory) { request, value in request.memory = value })
        }
        for (index, device) in request.devices.enumerated() {
            all += amounts(of: device, at: index)
        }
        return all
    }

    private static func amounts(of device: Kinds.DeviceRequest, at index: Int) -> [Amount] {
        var all: [Amount] = []
        if let count = device.count, count > 1 {
            all.append(
                Amount(
                    field: "devices[\(index)].count", asked: count, text: "\(count)",
                    change: { request, value in
                        var request = request
                        request.devices[index].count = value
                        return request
                    }, show: { "\($0)" }))
        }
        if let memory = device.memory, !memory.isPercentage {
            all.append(
                bytes("devices[\(index)].memory", memory) { request, value in request.devices[index].memory = value })
        }
        if let compute = device.compute {
            all.append(
                Amount(
                    field: "devices[\(index)].compute", asked: compute.fraction.ceiling(of: 100), text: compute.text,
                    change: { request, value in
                        var request = request
                        request.devices[index].compute = Quantity(percent: value)
                        return request
                    }, show: { "\($0)%" }))
        }
        return all
    }

    /// In whole mebibytes.
    private static func bytes(
        _ field: String, _ quantity: Quantity, _ set: @escaping (inout Kinds.SliceRequest, Quantity) -> Void
    ) -> Amount {
        Amount(
            field: field, asked: (quantity.ceiling + (1 << 20) - 1) >> 20, text: quantity.text,
            change: { request, value in
                var request = request
                set(&request, Quantity(bytes: value << 20))
                return request
            }, show: { AmountText.bytes($0 << 20) })
    }
}
