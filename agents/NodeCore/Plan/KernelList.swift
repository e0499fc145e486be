/// Numbers in the kernel's list format, `0-3,8`: sorted, without repeats, as the kernel prints them.
package enum KernelList {
    package static func text(_ numbers: some Sequence<Int>) -> String {
        let sorted = Set(numbers).sorted()
        var parts: [String] = []
        var index = 0
        while index < sorted.count {
            var end = index
            while end + 1 < sorted.count, sorted[end + 1] == sorted[end] + 1 { end += 1 }
            parts.append(end > index ? "\(sorted[index])-\(sorted[end])" : "\(sorted[index])")
            index = end + 1
        }
        return parts.joined(separator: ",")
    }
}
