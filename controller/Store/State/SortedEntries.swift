/// Entries in key order, in chunks: a change moves at most one chunk, a look-up is two binary searches.
package struct SortedEntries: Sendable {
    /// A chunk beyond this is cut in two.
    private static let chunkLimit = 512

    /// No chunk is empty.
    private var chunks: [[Entry]] = []
    package private(set) var count = 0

    package init() {}

    /// Every entry, in key order, without a copy of the whole.
    package var all: some Sequence<Entry> { chunks.lazy.joined() }

    /// A place between entries.
    package struct Index: Hashable, Sendable {
        var chunk: Int
        var offset: Int
    }

    package subscript(key: String) -> Entry? {
        let index = firstIndex { $0 >= key }
        guard index.chunk < chunks.count else { return nil }
        let entry = chunks[index.chunk][index.offset]
        return entry.key == key ? entry : nil
    }

    /// Puts `entry` in the place of the one with its key, or as a new one.
    package mutating func set(_ entry: Entry) {
        guard !chunks.isEmpty else {
            chunks = [[entry]]
            count = 1
            return
        }
        var index = firstIndex { $0 >= entry.key }
        if index.chunk == chunks.count {
            index = Index(chunk: chunks.count - 1, offset: chunks[chunks.count - 1].count)
        } else if chunks[index.chunk][index.offset].key == entry.key {
            chunks[index.chunk][index.offset] = entry
            return
        }
        chunks[index.chunk].insert(entry, at: index.offset)
        count += 1
        if chunks[index.chunk].count > Self.chunkLimit { split(index.chunk) }
    }

    package mutating func remove(_ key: String) {
        let index = firstIndex { $0 >= key }
        guard index.chunk < chunks.count, chunks[index.chunk][index.offset].key == key else { return }
        chunks[index.chunk].remove(at: index.offset)
        if chunks[index.chunk].isEmpty { chunks.remove(at: index.chunk) }
        count -= 1
    }

    /// Entries from the first key that starts with `prefix` and is greater than `after`: at most `limit` of them, and how
    /// many more follow.
    package func entries(prefix: String, after: String?, limit: Int) -> (page: [Entry], remaining: Int) {
        let start = firstIndex { key in key >= prefix && (after.map { key > $0 } ?? true) }
        let end = firstIndex { key in key > prefix && !key.hasPrefix(prefix) }
        let total = max(0, rank(end) - rank(start))
        var page: [Entry] = []
        page.reserveCapacity(min(limit, total))
        var index = start
        while page.count < min(limit, total) {
            let chunk = chunks[index.chunk]
            let wanted = min(limit, total) - page.count
            page += chunk[index.offset..<min(chunk.count, index.offset + wanted)]
            index = Index(chunk: index.chunk + 1, offset: 0)
        }
        return (page, total - page.count)
    }

    /// The first place whose key satisfies `predicate`, which must be false for a run of keys and then true for the rest.
    private func firstIndex(where predicate: (String) -> Bool) -> Index {
        var low = 0
        var high = chunks.count
        while low < high {
            let middle = (low + high) / 2
            if predicate(chunks[middle][chunks[middle].count - 1].key) { high = middle } else { low = middle + 1 }
        }
        guard low < chunks.count else { return Index(chunk: low, offset: 0) }
        let chunk = low
        low = 0
        high = chunks[chunk].count
        while low < high {
            let middle = (low + high) / 2
            if predicate(chunks[chunk][middle].key) { high = middle } else { low = middle + 1 }
        }
        return Index(chunk: chunk, offset: low)
    }

    /// How many entries come before `index`.
    private func rank(_ index: Index) -> Int {
        chunks[..<index.chunk].reduce(index.offset) { $0 + $1.count }
    }

    private mutating func split(_ chunk: Int) {
        let half = chunks[chunk].count / 2
        let upper = Array(chunks[chunk][half...])
        chunks[chunk].removeSubrange(half...)
        chunks.insert(upper, at: chunk + 1)
    }
}
