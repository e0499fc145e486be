/// The mistakes in the words of Kubernetes, so that its clients print them as they print their own.
extension FieldError {
    package static func required(_ field: String, _ detail: String = "") -> FieldError {
        FieldError(
            field: field, reason: .required, message: detail.isEmpty ? "Required value" : "Required value: \(detail)")
    }

    /// `value` is shown in quotation marks.
    package static func invalid(_ field: String, _ value: String, _ detail: String) -> FieldError {
        FieldError(field: field, reason: .invalid, value: value, message: "Invalid value: \(quoted(value)): \(detail)")
    }

    package static func invalid(_ field: String, _ value: Int64, _ detail: String) -> FieldError {
        FieldError(field: field, reason: .invalid, value: "\(value)", message: "Invalid value: \(value): \(detail)")
    }

    /// - Parameter value: the value as JSON, cut by the caller when it is long.
    package static func wrongType(_ field: String, wanted: String, found: String, value: String) -> FieldError {
        FieldError(
            field: field, reason: .typeInvalid, value: value,
            message: "Invalid value: \(value): must be \(wanted), not \(found)")
    }

    package static func notSupported(_ field: String, _ value: String, supported: [String]) -> FieldError {
        let list = supported.map(quoted).joined(separator: ", ")
        return FieldError(
            field: field, reason: .notSupported, value: value,
            message: "Unsupported value: \(quoted(value)): supported values: \(list)")
    }

    package static func duplicate(_ field: String, _ value: String) -> FieldError {
        FieldError(field: field, reason: .duplicate, value: value, message: "Duplicate value: \(quoted(value))")
    }

    package static func forbidden(_ field: String, _ detail: String) -> FieldError {
        FieldError(field: field, reason: .forbidden, message: "Forbidden: \(detail)")
    }

    package static func tooLong(_ field: String, limit: Int) -> FieldError {
        FieldError(field: field, reason: .tooLong, message: "Too long: may not be more than \(limit) bytes")
    }

    package static func tooMany(_ field: String, count: Int, limit: Int) -> FieldError {
        FieldError(
            field: field, reason: .tooMany, value: "\(count)",
            message: "Too many: \(count): must have at most \(limit) items")
    }

    package static func unknown(_ field: String) -> FieldError {
        FieldError(field: field, reason: .unknown, message: "unknown field \(quoted(field))")
    }

    /// The text in quotation marks, cut when it is long.
    private static func quoted(_ text: String) -> String {
        let shown = text.utf8.count > 200 ? String(text.unicodeScalars.prefix(200)) + "…" : text
        var quoted = "\""
        for scalar in shown.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\t": quoted += "\\t"
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
