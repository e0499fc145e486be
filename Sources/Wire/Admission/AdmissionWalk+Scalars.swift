import TidemillModel
import TidemillSeams

extension AdmissionWalk {
    /// A value without members, in its normal form.
    mutating func scalar(_ json: JSON, _ type: FieldType, _ field: SchemaField) -> JSON {
        switch type {
        case .string: string(json, field)
        case .bool: json.bool == nil ? wrongType("a boolean", json) : json
        case .int: integer(json, field)
        case .quantity: quantity(json, field)
        case .duration: duration(json)
        case .time: time(json) { Timestamp(parsing: $0)?.text }
        case .microTime: time(json) { MicroTime(parsing: $0)?.text }
        case .enumeration(let values): enumeration(json, values)
        case .list, .map, .object: json
        }
    }

    private mutating func string(_ json: JSON, _ field: SchemaField) -> JSON {
        guard case .string(let text) = json else { return wrongType("a string", json) }
        if let limit = field.maxLength, text.utf8.count > limit {
            report { .tooLong($0, limit: limit) }
            return json
        }
        if text.isEmpty {
            // An item of a list may be empty; a field that is required says something.
            if field.required, !field.type.isCollection { report { .required($0) } }
            return json
        }
        for problem in problems(text, field.format) { report { .invalid($0, text, problem) } }
        return json
    }

    private func problems(_ text: String, _ format: FieldFormat?) -> [String] {
        switch format {
        case .name: Names.problems(inSubdomain: text)
        case .labelKey: Names.problems(inLabelKey: text)
        case .labelValue: Names.problems(inLabelValue: text)
        case .envName: Names.problems(inEnvironmentName: text)
        case .absolutePath:
            text.utf8.first != UInt8(ascii: "/")
                ? ["must be an absolute path"] : text.utf8.contains(0) ? ["must not contain a zero byte"] : []
        case .cpu, .bytes, .bytesOrPercentage, .fraction, nil: []
        }
    }

    private mutating func integer(_ json: JSON, _ field: SchemaField) -> JSON {
        guard case .integer(let number) = json else {
            if case .number(let text) = json {
                report {
                    .wrongType(
                        $0, wanted: "an integer of 64 bits", found: "another number",
                        value: text.utf8.count > 40 ? text.prefix(40) + "…" : text)
                }
                return json
            }
            return wrongType("an integer", json)
        }
        if let minimum = field.minimum, number < minimum {
            report { .invalid($0, number, "must be greater than or equal to \(minimum)") }
        }
        if let maximum = field.maximum, number > maximum {
            report { .invalid($0, number, "must be less than or equal to \(maximum)") }
        }
        return json
    }

    /// Numbers are taken as people write them in YAML, and kept as text.
    private mutating func quantity(_ json: JSON, _ field: SchemaField) -> JSON {
        let text: String
        switch json {
        case .string(let string): text = string
        case .integer(let number): text = String(number)
        case .number(let number): text = number
        default: return wrongType("a quantity such as \"250m\" or \"16Gi\"", json)
        }
        do {
            let quantity = try Quantity(parsing: text)
            if let problem = problem(quantity, field.format) { report { .invalid($0, text, problem) } }
        } catch {
            report { .invalid($0, text, error.message) }
        }
        return .string(text)
    }

    private func problem(_ quantity: Quantity, _ format: FieldFormat?) -> String? {
        if quantity.fraction < .zero { return "must not be negative" }
        switch format {
        case .cpu:
            if quantity.isPercentage { return "must be a number of CPUs, not a percentage" }
            return quantity.milliValue == nil ? "must be a whole number of thousandths of a CPU" : nil
        case .bytes where quantity.isPercentage:
            return "must be a number of bytes, not a percentage"
        case .bytesOrPercentage where quantity.isPercentage:
            return quantity.fraction > .one ? "must be at most 100%" : nil
        case .bytes, .bytesOrPercentage:
            return quantity.wholeValue == nil ? "must be a whole number of bytes" : nil
        case .fraction:
            return quantity.fraction > .one ? "must be at most 1 (100%)" : nil
        default:
            return nil
        }
    }

    private mutating func duration(_ json: JSON) -> JSON {
        guard case .string(let text) = json else { return wrongType("a duration such as \"60s\"", json) }
        do {
            if try APIDuration(parsing: text).duration < .zero {
                report { .invalid($0, text, "must not be negative") }
            }
        } catch {
            report { .invalid($0, text, error.message) }
        }
        return json
    }

    private mutating func time(_ json: JSON, _ normal: (String) -> String?) -> JSON {
        guard case .string(let text) = json else { return wrongType("a time such as \"2026-11-21T03:35:29Z\"", json) }
        guard let time = normal(text) else {
            report { .invalid($0, text, "must be an RFC 3339 time such as 2026-11-21T03:35:29Z") }
            return json
        }
        return .string(time)
    }

    private mutating func enumeration(_ json: JSON, _ values: [String]) -> JSON {
        guard case .string(let text) = json else { return wrongType("a string", json) }
        if !values.contains(text) { report { .notSupported($0, text, supported: values) } }
        return json
    }
}
