import TidemillSeams
import TidemillWire

/// Values that were read from a prefix of the store, in the order of their keys. Another copy of the collection costs one
/// reference for each, and what did not change between two of them is the same reference.
package struct Copies<Value: Sendable>: RandomAccessCollection, Sendable {
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

    fileprivate var items: [Item] = []

    package init() {}

    package var startIndex: Int { items.startIndex }
    package var endIndex: Int { items.endIndex }
    package subscript(index: Int) -> Value { items[index].value }

    /// The values themselves, which costs a copy of each.
    package var values: [Value] { items.map(\.value) }
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
        var (here, there) = (0, 0)
        while here < items.count || there < old.items.count {
            let new = here < items.count ? items[here] : nil
            let before = there < old.items.count ? old.items[there] : nil
            switch (new, before) {
            case (let new?, let before?) where new === before:
                here += 1
                there += 1
            case (let new?, let before?) where new.key == before.key:
                differences.append(Difference(key: new.key, old: before, new: new))
                here += 1
                there += 1
            case (let new?, let before) where before.map({ new.key < $0.key }) ?? true:
                differences.append(Difference(key: new.key, new: new))
                here += 1
            case (_, let before?):
                differences.append(Difference(key: before.key, old: before))
                there += 1
            default: break
            }
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
        all.items.reserveCapacity(listing.entries.count)
        for entry in listing.entries { all.items.append(.init(entry, try read(entry))) }
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
    fileprivate mutating func set(_ key: String, _ item: Item?) {
        let place = place(of: key)
        let isKnown = place < items.count && items[place].key == key
        switch (item, isKnown) {
        case (let item?, true): items[place] = item
        case (let item?, false): items.insert(item, at: place)
        case (nil, true): items.remove(at: place)
        case (nil, false): break
        }
    }

    /// Where `key` is, or would be.
    private func place(of key: String) -> Int {
        // What is new often comes last.
        guard let last = items.last, last.key >= key else { return items.count }
        var (low, high) = (0, items.count)
        while low < high {
            let middle = (low + high) / 2
            if items[middle].key < key { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
