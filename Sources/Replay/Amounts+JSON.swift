import TidemillModel
import TidemillPlacement
import TidemillSeams
import TidemillWire

extension DeviceAmounts: WireValue {
    package init(json: JSON) throws(DecodeFailure) {
        let reader = try ObjectReader(json)
        self.init(
            milliCPU: try reader.value("milliCPU", default: 0),
            memoryBytes: try reader.value("memoryBytes", default: 0),
            compute: try reader.rational("compute", default: .zero))
    }

    package var json: JSON {
        var writer = ObjectWriter()
        if milliCPU != 0 { writer.put("milliCPU", milliCPU) }
        if memoryBytes != 0 { writer.put("memoryBytes", memoryBytes) }
        if compute != .zero { writer.put("compute", compute.description) }
        return writer.json
    }
}

extension HeldShare: WireValue {
    package init(json: JSON) throws(DecodeFailure) {
        let reader = try ObjectReader(json)
        self.init(
            slice: SliceUID(try reader.value("slice", default: "")), namespace: try reader.required("namespace"),
            amounts: try reader.required("amounts"), isolation: try reader.required("isolation"))
    }

    package var json: JSON {
        var writer = ObjectWriter()
        writer.put("slice", slice.rawValue)
        writer.put("namespace", namespace)
        writer.put("amounts", amounts)
        writer.put("isolation", isolation)
        return writer.json
    }
}

extension PlannedShare: WireValue {
    package init(json: JSON) throws(DecodeFailure) {
        let reader = try ObjectReader(json)
        self.init(
            device: DeviceID(try reader.required("device")), isCPU: try reader.value("isCPU", default: false),
            amounts: try reader.required("amounts"), compute: try reader.optional("compute"),
            cardUnits: try reader.rational("cardUnits", default: .zero), isolation: try reader.required("isolation"))
    }

    package var json: JSON {
        var writer = ObjectWriter()
        writer.put("device", device.rawValue)
        if isCPU { writer.put("isCPU", true) }
        writer.put("amounts", amounts)
        writer.put("compute", compute)
        writer.put("cardUnits", cardUnits.description)
        writer.put("isolation", isolation)
        return writer.json
    }
}

extension PlannedMember: WireValue {
    package init(json: JSON) throws(DecodeFailure) {
        let reader = try ObjectReader(json)
        self.init(
            slice: try reader.required("slice"), node: NodeID(try reader.required("node")),
            bootID: BootID(try reader.required("bootID")), shares: try reader.list("shares"))
    }

    package var json: JSON {
        var writer = ObjectWriter()
        writer.put("slice", slice)
        writer.put("node", node.rawValue)
        writer.put("bootID", bootID.rawValue)
        writer.put("shares", shares)
        return writer.json
    }
}

extension ObjectReader {
    /// A fraction such as `1/8`.
    func rational(_ key: String, default fallback: Rational) throws(DecodeFailure) -> Rational {
        guard let text: String = try optional(key) else { return fallback }
        guard let value = Rational(parsing: text) else {
            throw DecodeFailure(path: key, message: "must be a fraction such as 1/8, not \(text)")
        }
        return value
    }
}
