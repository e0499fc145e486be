/// One thing wrong with one field of an object that a client sent: where, why, and in words.
///
/// A Kubernetes status shows it as a cause: `reason`'s raw value is `FieldValueInvalid` and so on.
package struct FieldError: Hashable, Sendable {
    /// What kind of mistake it is. The raw value is the cause's reason on the wire.
    package enum Reason: String, Hashable, Sendable, CaseIterable {
        case required = "FieldValueRequired"
        case invalid = "FieldValueInvalid"
        case notSupported = "FieldValueNotSupported"
        case duplicate = "FieldValueDuplicate"
        case notFound = "FieldValueNotFound"
        case forbidden = "FieldValueForbidden"
        case tooLong = "FieldValueTooLong"
        case tooMany = "FieldValueTooMany"
        case typeInvalid = "FieldValueTypeInvalid"
        /// A field that no schema knows; the server answers 400, not 422.
        case unknown = "FieldUnknown"
        case tooSmall = "FieldValueTooSmall"
    }

    /// The path, such as `spec.slice.devices[0].compute`.
    package var field: String
    package var reason: Reason
    /// The value that was refused, as the message shows it.
    package var value: String?
    /// The whole text after the field, such as `Invalid value: "x": must be …`.
    package var message: String

    package init(field: String, reason: Reason, value: String? = nil, message: String) {
        self.field = field
        self.reason = reason
        self.value = value
        self.message = message
    }
}

extension FieldError: CustomStringConvertible {
    /// One line for people: `spec.gang.min: Invalid value: 0: must be at least 1`.
    package var description: String { "\(field): \(message)" }
}
