/// The forms that names, labels and annotations must have, with the words in which Kubernetes says so.
///
/// Each function returns what is wrong, a sentence each; nothing when the text is fine.
package enum Names {
    /// DNS-1123 subdomain: names of objects. At most 253 bytes.
    package static func problems(inSubdomain name: String) -> [String] {
        var problems = name.utf8.count > 253 ? [tooLong(253)] : []
        let labels = name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        if !labels.allSatisfy({ isLabel($0) }) { problems.append(subdomainRule) }
        return problems
    }

    /// DNS-1123 label: names of namespaces, and of what appears in a label. At most 63 bytes.
    package static func problems(inLabel name: String) -> [String] {
        var problems = name.utf8.count > 63 ? [tooLong(63)] : []
        if !isLabel(name.utf8[...]) { problems.append(labelRule) }
        return problems
    }

    /// A qualified name, `prefix/name` or `name`: keys of labels and annotations, finalizers, taints.
    package static func problems(inLabelKey key: String) -> [String] {
        let parts = key.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let name = parts.last else { return [qualifiedRule] }
        var problems: [String] = []
        if parts.count == 2 {
            if parts[0].isEmpty { problems.append("prefix part must be non-empty") }
            problems +=
                parts[0].isEmpty ? [] : Names.problems(inSubdomain: String(parts[0])).map { "prefix part " + $0 }
        }
        if name.isEmpty {
            problems.append("name part must be non-empty")
        } else if name.utf8.count > 63 {
            problems.append("name part " + tooLong(63))
        }
        if !isName(name.utf8[...]) { problems.append("name part " + nameRule) }
        return problems
    }

    /// A label's value: empty, or like a name part. At most 63 bytes.
    package static func problems(inLabelValue value: String) -> [String] {
        var problems = value.utf8.count > 63 ? [tooLong(63)] : []
        if !value.isEmpty, !isName(value.utf8[...]) { problems.append(valueRule) }
        return problems
    }

    /// The name of an environment variable: letters, digits and underscores, not starting with a digit.
    package static func problems(inEnvironmentName name: String) -> [String] {
        let bytes = Array(name.utf8)
        let fine = bytes.first.map { isLetter($0) || $0 == UInt8(ascii: "_") } ?? false
        guard fine, bytes.allSatisfy({ isLetter($0) || isDigit($0) || $0 == UInt8(ascii: "_") }) else {
            return ["must consist of letters, digits and underscores, and must not start with a digit"]
        }
        return []
    }

    private static func isLabel(_ bytes: Substring.UTF8View) -> Bool {
        guard let first = bytes.first, let last = bytes.last else { return false }
        let inner: (UInt8) -> Bool = { isLower($0) || isDigit($0) || $0 == UInt8(ascii: "-") }
        return first != UInt8(ascii: "-") && last != UInt8(ascii: "-") && bytes.allSatisfy(inner)
    }

    private static func isName(_ bytes: Substring.UTF8View) -> Bool {
        guard let first = bytes.first, let last = bytes.last else { return false }
        let outer: (UInt8) -> Bool = { isLetter($0) || isDigit($0) }
        return outer(first) && outer(last) && bytes.allSatisfy { outer($0) || "-_.".utf8.contains($0) }
    }

    private static func isLower(_ byte: UInt8) -> Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) }
    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
    private static func isLetter(_ byte: UInt8) -> Bool { isLower(byte | 0x20) }

    private static func tooLong(_ limit: Int) -> String { "must be no more than \(limit) characters" }

    private static let subdomainRule =
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start "
        + "and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
        + #"'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"#
    private static let labelRule =
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end "
        + "with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
        + "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
    private static let nameRule =
        "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
        + "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
        + "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
    private static let qualifiedRule =
        "a qualified name " + nameRule
        + " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
    private static let valueRule =
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start "
        + "and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for "
        + "validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
}
