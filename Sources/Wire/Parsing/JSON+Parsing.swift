extension JSON {
    /// Reads a document. Integers of 64 bits are exact; members keep their order.
    package static func parse(_ bytes: UnsafeRawBufferPointer, limits: JSONLimits = JSONLimits()) throws(JSONError)
        -> JSON
    {
        try parse(bytes.assumingMemoryBound(to: UInt8.self), limits: limits)
    }

    /// Reads a document.
    package static func parse(_ bytes: [UInt8], limits: JSONLimits = JSONLimits()) throws(JSONError) -> JSON {
        try bytes.withUnsafeBufferPointer { buffer throws(JSONError) in try parse(buffer, limits: limits) }
    }

    /// Reads a document from any bytes; those that lie in one piece are not copied.
    package static func parse(
        _ bytes: some Collection<UInt8>, limits: JSONLimits = JSONLimits()
    ) throws(JSONError) -> JSON {
        let outcome = bytes.withContiguousStorageIfAvailable { buffer in
            Result { () throws(JSONError) in try parse(buffer, limits: limits) }
        }
        return if let outcome { try outcome.get() } else { try parse(Array(bytes), limits: limits) }
    }

    /// Reads a document.
    package static func parse(_ text: String, limits: JSONLimits = JSONLimits()) throws(JSONError) -> JSON {
        try parse(text.utf8, limits: limits)
    }

    private static func parse(_ buffer: UnsafeBufferPointer<UInt8>, limits: JSONLimits) throws(JSONError) -> JSON {
        guard let base = buffer.baseAddress else {
            throw JSONError(.init(kind: .unexpectedEnd, offset: 0), in: buffer, trail: [], limits: limits)
        }
        var parser = JSONParser(base: base, count: buffer.count, limits: limits)
        do {
            return try parser.document()
        } catch {
            throw JSONError(error, in: buffer, trail: parser.trail, limits: limits)
        }
    }
}

extension JSONError {
    /// Works out the place that people are told; `trail` is the path, innermost step first.
    fileprivate init(
        _ fault: JSONParser.Fault, in bytes: UnsafeBufferPointer<UInt8>, trail: [JSONParser.Step], limits: JSONLimits
    ) {
        kind = fault.kind
        offset = fault.offset
        line = 1
        column = 1
        if kind != .tooLarge {
            for byte in bytes[..<min(offset, bytes.count)] {
                if byte == 0x0A {
                    line += 1
                    column = 1
                } else if byte & 0xC0 != 0x80 {
                    column += 1
                }
            }
        }
        path = ""
        for step in trail.reversed() {
            switch step {
            case .index(let index): path += "[\(index)]"
            case .key(let key) where key.isEmpty || key.contains { $0 == "." || $0 == "/" || $0 == "[" || $0 == "]" }:
                path += "[\(key)]"
            case .key(let key): path += path.isEmpty ? key : ".\(key)"
            }
        }
        limit =
            switch kind {
            case .tooLarge: limits.bytes
            case .tooDeep: limits.depth
            case .numberTooLong: limits.numberLength
            default: nil
            }
        reason = kind.reason(found: offset < bytes.count ? bytes[offset] : nil, limit: limit)
    }
}
