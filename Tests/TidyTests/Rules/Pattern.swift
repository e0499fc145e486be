import Foundation

/// A regular expression that is looked for in code.
struct Pattern {
    private let expression: NSRegularExpression

    init(_ text: String) {
        do {
            expression = try NSRegularExpression(pattern: text, options: [.anchorsMatchLines])
        } catch {
            fatalError("pattern \(text): \(error)")
        }
    }

    /// Line and text of each match; the text is that of the first group, where there is one.
    func matches(in code: String) -> [(line: Int, text: String)] {
        let whole = code as NSString
        let found = expression.matches(in: code, range: NSRange(location: 0, length: whole.length))
        guard !found.isEmpty else { return [] }
        let units = Array(code.utf16)
        var (line, position) = (1, 0)
        return found.map { match in
            while position < match.range.location {
                if units[position] == 0x0A { line += 1 }
                position += 1
            }
            let range = match.numberOfRanges > 1 ? match.range(at: 1) : match.range
            return (line, whole.substring(with: range))
        }
    }
}
