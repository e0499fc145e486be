import TidemillModel
import TidemillWire

// What the process that asks a vendor's library tells the agent: one line of JSON for each reading.

extension LibraryReport: WireValue {
    package init(json: JSON) throws(DecodeFailure) {
        let reader = try ObjectReader(json)
        self.init(try reader.required("library"), file: try reader.optional("file"))
        version = try reader.optional("version")
        driver = try reader.optional("driver")
        devices = try reader.list("devices")
        problems = try reader.list("problems")
    }

    package var json: JSON {
        var writer = ObjectWriter()
        writer.put("library", library)
        writer.put("file", file)
        writer.put("version", version)
        writer.put("driver", driver)
        writer.put("devices", devices)
        writer.put("problems", problems)
        return writer.json
    }
}

extension LibraryDevice: WireValue {
    package init(json: JSON) throws(DecodeFailure) {
        let reader = try ObjectReader(json)
        let index: Int64 = try reader.required("index")
        self.init(index: Int(clamping: index), address: try reader.optional("address"))
        uuid = try reader.optional("uuid")
        serial = try reader.optional("serial")
        name = try reader.optional("name")
        firmware = try reader.optional("firmware")
        memoryBytes = try reader.optional("memoryBytes")
        attributes = try reader.map("attributes")
        health = try reader.optional("health")
        faults = try reader.list("faults")
        usage = try reader.value("usage", default: DeviceUsage())
        links = try reader.list("links")
        runtimes = try reader.list("runtimes")
        cuts = try reader.list("cuts")
        unsupported = try reader.list("unsupported")
    }

    package var json: JSON {
        var writer = ObjectWriter()
        writer.put("index", Int64(index))
        writer.put("address", address)
        writer.put("uuid", uuid)
        writer.put("serial", serial)
        writer.put("name", name)
        writer.put("firmware", firmware)
        writer.put("memoryBytes", memoryBytes)
        writer.put("attributes", attributes)
        writer.put("health", health)
        writer.put("faults", faults)
        writer.put("usage", usage)
        writer.put("links", links)
        writer.put("runtimes", runtimes)
        writer.put("cuts", cuts)
        writer.put("unsupported", unsupported)
        return writer.json
    }
}

extension DeviceUsage: WireValue {
    package init(json: JSON) throws(DecodeFailure) {
        let reader = try ObjectReader(json)
        self.init()
        memoryUsedBytes = try reader.optional("memoryUsedBytes")
        compute = try reader.optional("compute")
        memoryBusy = try reader.optional("memoryBusy")
        watts = try reader.optional("watts")
        wattsLimit = try reader.optional("wattsLimit")
        joules = try reader.optional("joules")
        celsius = try reader.optional("celsius")
        memoryCelsius = try reader.optional("memoryCelsius")
        clockHertz = try reader.optional("clockHertz")
        memoryClockHertz = try reader.optional("memoryClockHertz")
        eccCorrected = try reader.optional("eccCorrected")
        eccUncorrected = try reader.optional("eccUncorrected")
    }

    package var json: JSON {
        var writer = ObjectWriter()
        writer.put("memoryUsedBytes", memoryUsedBytes)
        writer.put("compute", compute)
        writer.put("memoryBusy", memoryBusy)
        writer.put("watts", watts)
        writer.put("wattsLimit", wattsLimit)
        writer.put("joules", joules)
        writer.put("celsius", celsius)
        writer.put("memoryCelsius", memoryCelsius)
        writer.put("clockHertz", clockHertz)
        writer.put("memoryClockHertz", memoryClockHertz)
        writer.put("eccCorrected", eccCorrected)
        writer.put("eccUncorrected", eccUncorrected)
        return writer.json
    }
}

extension LibraryHealth: WireValue {}

extension DeviceFault: WireValue {
    package init(json: JSON) throws(DecodeFailure) {
        let reader = try ObjectReader(json)
        self.init(try reader.required("code"), try reader.optional("text"))
    }

    package var json: JSON {
        var writer = ObjectWriter()
        writer.put("code", code)
        writer.put("text", text)
        return writer.json
    }
}

extension LibraryLink: WireValue {
    package init(json: JSON) throws(DecodeFailure) {
        let reader = try ObjectReader(json)
        self.init(
            peer: try reader.required("peer"), type: try reader.required("type"),
            bytesPerSecond: try reader.optional("bytesPerSecond"))
    }

    package var json: JSON {
        var writer = ObjectWriter()
        writer.put("peer", peer)
        writer.put("type", type)
        writer.put("bytesPerSecond", bytesPerSecond)
        return writer.json
    }
}

extension LibraryRuntime: WireValue {
    package init(json: JSON) throws(DecodeFailure) {
        let reader = try ObjectReader(json)
        self.init(try reader.required("name"), isOfCPU: try reader.value("isOfCPU", default: false))
        version = try reader.optional("version")
        device = try reader.optional("device")
        proved = try reader.optional("proved")
    }

    package var json: JSON {
        var writer = ObjectWriter()
        writer.put("name", name)
        if isOfCPU { writer.put("isOfCPU", true) }
        writer.put("version", version)
        writer.put("device", device)
        writer.put("proved", proved)
        return writer.json
    }
}

extension PCIAddress: WireValue {
    package init(json: JSON) throws(DecodeFailure) {
        let text = try String(json: json)
        guard let address = PCIAddress(parsing: text) else {
            throw DecodeFailure(message: "\"\(text)\" is no PCI address such as 0000:3b:00.0")
        }
        self = address
    }

    package var json: JSON { .string(description) }
}

/// A line of an answer: `{"report": …}` or `{"failure": {"reason": …, "message": …}}`.
package struct LibraryAnswer: WireValue {
    package var result: Result<LibraryReport, LibraryFailure>

    package init(_ result: Result<LibraryReport, LibraryFailure>) {
        self.result = result
    }

    package init(json: JSON) throws(DecodeFailure) {
        let reader = try ObjectReader(json)
        if let failure: LibraryFailure = try reader.optional("failure") {
            result = .failure(failure)
        } else {
            result = .success(try reader.required("report"))
        }
    }

    package var json: JSON {
        var writer = ObjectWriter()
        switch result {
        case .success(let report): writer.put("report", report)
        case .failure(let failure): writer.put("failure", failure)
        }
        return writer.json
    }
}

extension LibraryFailure: WireValue {
    package init(json: JSON) throws(DecodeFailure) {
        let reader = try ObjectReader(json)
        self.init(try reader.required("reason"), try reader.required("message"))
    }

    package var json: JSON {
        var writer = ObjectWriter()
        writer.put("reason", reason)
        writer.put("message", message)
        return writer.json
    }
}
