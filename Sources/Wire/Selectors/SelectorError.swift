/// Why a selector cannot be read; `message` is for people, and ends up in a 400.
package struct SelectorError: Error, Hashable, Sendable, CustomStringConvertible {
    package var message: String

    package init(_ message: String) {
        self.message = message
    }

    package var description: String { message }
}
