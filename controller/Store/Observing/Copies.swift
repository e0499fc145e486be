import TidemillSeams
import TidemillWire

/// Values that were read from a prefix of the store, in the order of their keys. Another copy of the collection costs next
/// to nothing, what did not change between two of them is the same reference, and what lies between two changes is not
/// looked at when they are compared.
package struct Copies<Value: Sendable>: Sendable {
    package final class Item: Sendable {
        package let key: String
        /// The revision at which the value was written.
        package let revision: Revision
        package let value: Value

        fileprivate init(_ entry: Entry, _ value: Value) {
            key = entry.key
            revision = entry.revision
            self.value = value
        }
    }

    /// A run of items that is never changed, only replaced. None is empty.
    fileprivate final class Chunk: Sendable {
        let items: [Item]

        init(_ items: [Item]) {
            self.items = items
        }
    }

    /// A chunk beyond this is cut in two.
    fileprivate static var chunkLimit: Int { 128 }

    fileprivate var chunks: [Chunk] = []
    package fileprivate(set) var count = 0

    package init() {}

    package var isEmpty: Bool { count == 0 }

    /// The values themselves, which costs a copy of each.
    package var values: [Value] { map { $0 } }
}

extension Copies: Sequence {
    package struct Iterator: IteratorProtocol {
        fileprivate let chunks: [Chunk]
        fileprivate var place = Place(chunk: 0, offset: 0)

        package mutating func next() -> Value? {
            guard place.chunk < chunks.count else { return nil }
            let items = chunks[place.chunk].items
            defer { place.advance(in: items.count) }
            return items[place.offset].value
        }
    }

    package func makeIterator() -> Iterator { Iterator(chunks: chunks) }
    package var underestimatedCount: Int { count }
}

/// A place among chunks.
private struct Place {
    var chunk: Int
    var offset: Int

    mutating func advance(in count: Int) {
        offset += 1
        if offset == count { self = Place(chunk: chunk + 1, offset: 0) }
    }
}

extension Copies {
    /// One value that is not what it was.
    package struct Difference {
        package var key: String
        package var old: Item?
        package var new: Item?
    }

    /// What is not as it was in `old`, in the order of the keys.
    package func differences(from old: Copies) -> [Difference] {
        var differences: [Difference] = []
        var (here, there) = (Place(chunk: 0, offset: 0), Place(chunk: 0, offset: 0))
        while here.chunk < chunks.count || there.chunk < old.chunks.count {
            let ours = here.chunk < chunks.count ? chunks[here.chunk] : nil
            let theirs = there.chunk < old.chunks.count ? old.chunks[there.chunk] : nil
            if let ours, ours === theirs, here.offset == 0, there.offset == 0 {
                here.chunk += 1
                there.chunk += 1
                continue
            }
            let (new, before) = (ours?.items[here.offset], theirs?.items[there.offset])
            let isOurs = before.map { before in new.map { $0.key <= before.key } ?? false } ?? true
            let isTheirs = new.map { new in before.map { $0.key <= new.key } ?? false } ?? true
            if let key = (isOurs ? new : before)?.key, !(isOurs && isTheirs && new === before) {
                differences.append(Difference(key: key, old: isTheirs ? before : nil, new: isOurs ? new : nil))
            }
            if isOurs, let ours { here.advance(in: ours.items.count) }
            if isTheirs, let theirs { there.advance(in: theirs.items.count) }
        }
        return differences
    }
}

/// Copies as of one revision, kept current by what changed since.
struct KeptCopies<Value: Sendable>: Sendable {
    typealias Read = (Entry) throws(APIError) -> Value

    private(set) var all = Copies<Value>()
    private(set) var revision: Revision

    /// A complete listing.
    init(_ listing: Listing, _ read: Read) throws(APIError) {
        revision = listing.revision
        var items: [Copies<Value>.Item] = []
        items.reserveCapacity(listing.entries.count)
        for entry in listing.entries { items.append(.init(entry, try read(entry))) }
        all = Copies(items)
    }

    /// Takes in what is newer than this.
    mutating func apply(_ changes: StoreChanges, _ read: Read) throws(APIError) {
        // Of several changes of one key the last one counts, and only that is read.
        var seen: Set<String> = []
        for event in changes.events.reversed() where event.revision > revision && seen.insert(event.key).inserted {
            let item: Copies<Value>.Item? = if let entry = event.entry { .init(entry, try read(entry)) } else { nil }
            all.set(event.key, item)
        }
        revision = max(revision, changes.revision)
    }
}

extension Copies {
    /// Items in the order of their keys.
    fileprivate init(_ items: [Item]) {
        count = items.count
        chunks = stride(from: 0, to: items.count, by: Self.chunkLimit / 2).map {
            Chunk(Array(items[$0..<Swift.min($0 + Self.chunkLimit / 2, items.count)]))
        }
    }

    fileprivate mutating func set(_ key: String, _ item: Item?) {
        guard !chunks.isEmpty else {
            if let item { self = Copies([item]) }
            return
        }
        // What comes after everything joins the last chunk.
        let index = Swift.min(Self.place(in: chunks) { $0.items[$0.items.count - 1].key >= key }, chunks.count - 1)
        var items = chunks[index].items
        let place = Self.place(in: items) { $0.key >= key }
        let isKnown = place < items.count && items[place].key == key
        switch (item, isKnown) {
        case (let item?, true): items[place] = item
        case (let item?, false): items.insert(item, at: place)
        case (nil, true): items.remove(at: place)
        case (nil, false): return
        }
        count += items.count - chunks[index].items.count
        if items.count > Self.chunkLimit {
            let half = items.count / 2
            chunks.replaceSubrange(index...index, with: [Chunk(Array(items[..<half])), Chunk(Array(items[half...]))])
        } else if items.isEmpty {
            chunks.remove(at: index)
        } else {
            chunks[index] = Chunk(items)
        }
    }

    /// The item at `key`.
    package subscript(key: String) -> Item? {
        let index = Self.place(in: chunks) { $0.items[$0.items.count - 1].key >= key }
        guard index < chunks.count else { return nil }
        let items = chunks[index].items
        let place = Self.place(in: items) { $0.key >= key }
        return place < items.count && items[place].key == key ? items[place] : nil
    }

    /// The first place at which `isThere` holds: false for a run of elements, and then true for the rest.
    private static func place<Element>(in elements: [Element], _ isThere: (Element) -> Bool) -> Int {
        var (low, high) = (0, elements.count)
        while low < high {
            let middle = (low + high) / 2
            if isThere(elements[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
