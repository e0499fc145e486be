/// Selects objects by fields, as `fieldSelector=` spells it: `status.grant.node=gpu-01,status.state!=Released`.
package struct FieldSelector: Hashable, Sendable {
    /// One comparison; all must hold.
    package struct Term: Hashable, Sendable {
        /// The path, such as `involvedObject.name`.
        package var field: String
        package var value: String
        /// `!=` rather than `=`.
        package var isNegated: Bool

        package init(field: String, value: String, isNegated: Bool = false) {
            self.field = field
            self.value = value
            self.isNegated = isNegated
        }

        /// `values` are the field's. `=` holds when any of them is equal; an empty value matches an absent field.
        package func matches(_ values: [String]) -> Bool {
            (values.isEmpty ? value.isEmpty : values.contains(value)) != isNegated
        }
    }

    package var terms: [Term]

    package init(_ terms: [Term] = []) {
        self.terms = terms
    }

    /// An empty selector selects everything.
    package var isEmpty: Bool { terms.isEmpty }

    /// `lookup` gives the values of a field: none when it is absent, several when it is a list.
    package func matches(lookup: (String) -> [String]) -> Bool {
        terms.allSatisfy { $0.matches(lookup($0.field)) }
    }

    package func matches(_ object: JSON) -> Bool {
        matches { object.fieldValues($0) }
    }

    /// The one value that `field` must have, if there is such a term; a store may look it up directly.
    package func requiredValue(of field: String) -> String? {
        terms.first { $0.field == field && !$0.isNegated }?.value
    }
}

extension FieldSelector: CustomStringConvertible {
    /// The selector as `fieldSelector=` spells it; reading it back gives an equal selector.
    package var description: String {
        terms.map { "\($0.field)\($0.isNegated ? "!=" : "=")\(Self.escaped($0.value))" }.joined(separator: ",")
    }

    private static func escaped(_ value: String) -> String {
        var text = ""
        for character in value {
            if character == "\\" || character == "," || character == "=" { text.append("\\") }
            text.append(character)
        }
        return text
    }
}

extension FieldSelector {
    /// Reads the text of `fieldSelector=`: terms joined by commas; `\,`, `\=` and `\\` in values stand for themselves.
    package init(parsing text: String) throws(SelectorError) {
        var terms: [Term] = []
        for part in Self.split(text) where !part.isEmpty {
            terms.append(try Self.term(part, of: text))
        }
        self.init(terms)
    }

    /// The text between commas that are not escaped.
    private static func split(_ text: String) -> [Substring] {
        var parts: [Substring] = []
        var start = text.startIndex
        var isEscaped = false
        for index in text.indices {
            if isEscaped {
                isEscaped = false
            } else if text[index] == "\\" {
                isEscaped = true
            } else if text[index] == "," {
                parts.append(text[start..<index])
                start = text.index(after: index)
            }
        }
        parts.append(text[start...])
        return parts
    }

    private static func term(_ part: Substring, of text: String) throws(SelectorError) -> Term {
        guard let sign = part.firstIndex(where: { $0 == "=" || $0 == "!" }) else {
            throw SelectorError("invalid field selector \"\(text)\": expected = or != in \"\(part)\"")
        }
        let isNegated = part[sign] == "!"
        var rest = part[part.index(after: sign)...]
        if rest.first == "=" {
            rest.removeFirst()
        } else if isNegated {
            throw SelectorError("invalid field selector \"\(text)\": expected != in \"\(part)\"")
        }
        let field = String(part[..<sign])
        guard !field.isEmpty else {
            throw SelectorError("invalid field selector \"\(text)\": no field in \"\(part)\"")
        }
        return Term(field: field, value: try unescaped(rest, of: text), isNegated: isNegated)
    }

    private static func unescaped(_ value: Substring, of text: String) throws(SelectorError) -> String {
        var result = ""
        var isEscaped = false
        for character in value {
            if isEscaped {
                guard character == "\\" || character == "," || character == "=" else {
                    throw SelectorError("invalid field selector \"\(text)\": invalid escape \"\\\(character)\"")
                }
                result.append(character)
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else if character == "=" {
                throw SelectorError("invalid field selector \"\(text)\": unescaped = in a value")
            } else {
                result.append(character)
            }
        }
        if isEscaped { throw SelectorError("invalid field selector \"\(text)\": it ends in an escape") }
        return result
    }
}
