import TidemillModel
import TidemillPlacement
import TidemillSeams
import TidemillWire

extension Demand.Entry: WireValue {
    package init(json: JSON) throws(DecodeFailure) {
        let reader = try ObjectReader(json)
        let (cpu, devices, part): (Int64, Int64, Int64) = (
            try reader.value("milliCPU", default: 0), try reader.value("devices", default: 0),
            try reader.value("deviceMilli", default: 0)
        )
        let (units, memory): (Int64, Int64) = (try reader.required("units"), try reader.value("memoryMiB", default: 0))
        let classes: [String] = try reader.list("classes")
        self.init(
            shape: Shape(
                milliCPU: Int32(clamping: cpu), memoryMiB: 0, devices: Int32(clamping: devices),
                deviceMilli: Int32(clamping: part), classes: 0),
            classes: Set(classes), units: Int(units), memoryMiB: Int(memory))
    }

    package var json: JSON {
        var writer = ObjectWriter()
        writer.put("milliCPU", Int64(shape.milliCPU))
        if shape.devices > 0 {
            writer.put("devices", Int64(shape.devices))
            writer.put("deviceMilli", Int64(shape.deviceMilli))
            writer.put("classes", classes.sorted())
        }
        writer.put("units", Int64(units))
        writer.put("memoryMiB", Int64(memoryMiB))
        return writer.json
    }
}

extension PlacementSettings: WireValue {
    package init(json: JSON) throws(DecodeFailure) {
        let reader = try ObjectReader(json)
        self.init()
        let name: String = try reader.required("policy")
        guard let policy = PlacementPolicy.Name(rawValue: name) else {
            throw DecodeFailure(path: "policy", message: "must be one of fill, fragmentation and bestFit, not \(name)")
        }
        self.policy = policy
        let (sequences, draws, seed): (Int64, Int64, Int64) = (
            try reader.required("sequences"), try reader.required("drawsPerDevice"), try reader.required("seed")
        )
        (fill.sequences, fill.drawsPerDevice, fill.seed) = (Int(sequences), Int(draws), UInt64(bitPattern: seed))
        fill.scarcity = try Self.number(reader, "scarcity")
        fill.gangs = try Self.number(reader, "gangs")
        fill.displacement = try Self.number(reader, "displacement")
        fill.step = try Self.number(reader, "step")
    }

    private static func number(_ reader: ObjectReader, _ key: String) throws(DecodeFailure) -> Double {
        let text: String = try reader.required(key)
        guard let value = Double(text) else { throw DecodeFailure(path: key, message: "must be a number, not \(text)") }
        return value
    }

    /// Numbers that are not whole stand in quotation marks, in the shortest form that reads back as the same.
    package var json: JSON {
        var writer = ObjectWriter()
        writer.put("policy", policy.rawValue)
        writer.put("sequences", Int64(fill.sequences))
        writer.put("drawsPerDevice", Int64(fill.drawsPerDevice))
        writer.put("scarcity", "\(fill.scarcity)")
        writer.put("gangs", "\(fill.gangs)")
        writer.put("displacement", "\(fill.displacement)")
        writer.put("step", "\(fill.step)")
        writer.put("seed", Int64(bitPattern: fill.seed))
        return writer.json
    }
}

extension PlacementState: WireValue {
    package init(json: JSON) throws(DecodeFailure) {
        let reader = try ObjectReader(json)
        let classes: [String] = try reader.list("classes")
        self.init(
            nodes: try reader.list("nodes"), classes: Set(classes), prices: try Prices(reader).prices,
            settings: try reader.required("settings"))
        demand = Demand(try reader.list("demand"))
        learned = Demand(try reader.list("learned"))
        let next: Int64 = try reader.required("nextLesson")
        nextLesson = Int(next)
    }

    package var json: JSON {
        var writer = ObjectWriter()
        writer.put("settings", settings)
        writer.put("classes", classes.sorted())
        writer.put("prices", prices.mapValues(\.description))
        writer.put("demand", demand.entries)
        writer.put("learned", learned.entries)
        writer.put("nextLesson", Int64(nextLesson))
        writer.put("nodes", nodes)
        return writer.json
    }
}

/// Prices by class, written as fractions.
struct Prices {
    var prices: [String: Rational] = [:]

    init(_ reader: ObjectReader) throws(DecodeFailure) {
        let texts: [String: String] = try reader.map("prices")
        for (name, text) in texts {
            guard let price = Rational(parsing: text) else {
                throw DecodeFailure(path: "prices.\(name)", message: "must be a fraction such as 3/2, not \(text)")
            }
            prices[name] = price
        }
    }
}
