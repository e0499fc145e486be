/// Why a text is not YAML that this program accepts, and where.
package struct YAMLError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Line and column of the fault, from 1; nil when unknown.
    package var line: Int?
    package var column: Int?
    /// What is wrong, without the place.
    package var reason: String

    package init(line: Int?, column: Int?, reason: String) {
        self.line = line
        self.column = column
        self.reason = reason
    }

    /// What is wrong and where, for people.
    package var description: String {
        guard let line else { return reason }
        return "line \(line)" + (column.map { ", column \($0)" } ?? "") + ": \(reason)"
    }
}
