import TidemillModel

extension LabelSelector {
    /// Reads the text of `labelSelector=`. Nothing at all selects everything.
    package init(parsing text: String) throws(SelectorError) {
        var scanner = LabelSelectorScanner(text)
        requirements = try scanner.requirements()
    }
}

/// Splits a label selector into words and signs, and reads one requirement after another.
private struct LabelSelectorScanner {
    private enum Token: Equatable {
        case word(String)
        case comma, bang, open, close, equals, notEquals, end
    }

    private let text: String
    private var rest: Substring.UnicodeScalarView
    private var lookahead: Token?

    init(_ text: String) {
        self.text = text
        rest = text[...].unicodeScalars
    }

    mutating func requirements() throws(SelectorError) -> [LabelSelector.Requirement] {
        var found: [LabelSelector.Requirement] = []
        if try peek() == .end { return found }
        while true {
            found.append(try requirement())
            switch try next() {
            case .end: return found
            case .comma where try peek() != .end: continue
            default: throw broken("expected a comma and another requirement")
            }
        }
    }

    private mutating func requirement() throws(SelectorError) -> LabelSelector.Requirement {
        let isNegated = try peek() == .bang
        if isNegated { _ = try next() }
        guard case .word(let key) = try next() else { throw broken("expected a label key") }
        let problems = Names.problems(inLabelKey: key)
        if let problem = problems.first { throw broken("\"\(key)\" is no label key: \(problem)") }
        if isNegated { return .init(key: key, operator: .doesNotExist) }
        switch try peek() {
        case .end, .comma:
            return .init(key: key, operator: .exists)
        case .equals:
            _ = try next()
            return .init(key: key, operator: .isIn([try value()]))
        case .notEquals:
            _ = try next()
            return .init(key: key, operator: .notIn([try value()]))
        case .word("in"):
            _ = try next()
            return .init(key: key, operator: .isIn(try values()))
        case .word("notin"):
            _ = try next()
            return .init(key: key, operator: .notIn(try values()))
        default:
            throw broken("after \"\(key)\": expected =, ==, !=, in or notin")
        }
    }

    /// A value; it may be empty.
    private mutating func value() throws(SelectorError) -> String {
        guard case .word(let value) = try peek() else { return "" }
        _ = try next()
        if let problem = Names.problems(inLabelValue: value).first {
            throw broken("\"\(value)\" is no label value: \(problem)")
        }
        return value
    }

    private mutating func values() throws(SelectorError) -> [String] {
        guard try next() == .open else { throw broken("expected (") }
        var values: [String] = []
        while true {
            values.append(try value())
            switch try next() {
            case .comma: continue
            case .close: return values
            default: throw broken("expected , or ) in a list of values")
            }
        }
    }

    private func broken(_ reason: String) -> SelectorError {
        SelectorError("unable to parse label selector \"\(text)\": \(reason)")
    }

    private mutating func peek() throws(SelectorError) -> Token {
        if let lookahead { return lookahead }
        let token = try scan()
        lookahead = token
        return token
    }

    private mutating func next() throws(SelectorError) -> Token {
        let token = try peek()
        lookahead = nil
        return token
    }

    private mutating func scan() throws(SelectorError) -> Token {
        rest = rest.drop { $0 == " " || $0 == "\t" || $0 == "\r" || $0 == "\n" }
        guard let first = rest.first else { return .end }
        switch first {
        case ",": return sign(.comma)
        case "(": return sign(.open)
        case ")": return sign(.close)
        case "=":
            rest.removeFirst()
            return rest.first == "=" ? sign(.equals) : .equals
        case "!":
            rest.removeFirst()
            return rest.first == "=" ? sign(.notEquals) : .bang
        case "<", ">":
            throw broken("< and > are not supported")
        default:
            let word = rest.prefix { !Self.ends.contains($0) }
            rest = rest.dropFirst(word.count)
            return .word(String(word))
        }
    }

    private static let ends: Set<Unicode.Scalar> = [" ", "\t", "\r", "\n", ",", "(", ")", "=", "!", "<", ">"]

    private mutating func sign(_ token: Token) -> Token {
        rest.removeFirst()
        return token
    }
}
