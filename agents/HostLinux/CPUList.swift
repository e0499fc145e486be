/// A set of CPUs or memory nodes in the kernel's list format, `0-3,8`.
package struct CPUList: Hashable, Sendable, CustomStringConvertible {
    /// Sorted, without repeats.
    package let numbers: [Int]

    package init(_ numbers: some Sequence<Int>) {
        self.numbers = Set(numbers).sorted()
    }

    /// Nil when `text` is not a list, or names a number above 65535. An empty text is the empty set.
    package init?(parsing text: String) {
        var found: Set<Int> = []
        for part in text.split(whereSeparator: { $0 == "," || $0.isWhitespace }) {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
            guard ends.count <= 2, let first = ends[0], let last = ends[ends.count - 1], first >= 0, first <= last,
                last <= 65535
            else { return nil }
            found.formUnion(first...last)
        }
        numbers = found.sorted()
    }

    package var isEmpty: Bool { numbers.isEmpty }
    package var count: Int { numbers.count }

    package func intersection(_ other: CPUList) -> CPUList {
        CPUList(Set(numbers).intersection(other.numbers))
    }

    package var description: String {
        var parts: [String] = []
        var index = 0
        while index < numbers.count {
            var end = index
            while end + 1 < numbers.count, numbers[end + 1] == numbers[end] + 1 { end += 1 }
            parts.append(end > index ? "\(numbers[index])-\(numbers[end])" : "\(numbers[index])")
            index = end + 1
        }
        return parts.joined(separator: ",")
    }
}
