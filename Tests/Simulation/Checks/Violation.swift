/// One thing that must never be, and was.
package struct Violation: Error, CustomStringConvertible, Sendable, Equatable {
    /// The number in section 5, such as `1a`.
    package var invariant: String
    package var text: String

    package init(_ invariant: String, _ text: String) {
        self.invariant = invariant
        self.text = text
    }

    package var description: String { "invariant \(invariant): \(text)" }
}
