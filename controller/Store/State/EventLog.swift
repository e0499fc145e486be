import TidemillSeams

/// The changes that the store still remembers, oldest first.
package struct EventLog: Sendable {
    private var events: [WatchEvent] = []
    /// Events before this place are forgotten; they are cut off when they are a quarter of the rest.
    private var head = 0
    /// Bytes of the values that remembered changes wrote; what was there before shares its bytes with an earlier change.
    package private(set) var valueBytes = 0

    package init() {}

    package var count: Int { events.count - head }

    /// `event` is not older than the last one.
    package mutating func append(_ event: WatchEvent) {
        events.append(event)
        valueBytes += event.entry?.value.count ?? 0
    }

    /// What happened after `revision`.
    package func after(_ revision: Revision) -> ArraySlice<WatchEvent> {
        var low = head
        var high = events.count
        while low < high {
            let middle = (low + high) / 2
            if events[middle].revision > revision { high = middle } else { low = middle + 1 }
        }
        return events[low...]
    }

    /// All that is remembered.
    package var all: ArraySlice<WatchEvent> { events[head...] }

    /// Forgets what happened at or before `revision`.
    package mutating func drop(through revision: Revision) {
        let kept = after(revision).startIndex
        for event in events[head..<kept] { valueBytes -= event.entry?.value.count ?? 0 }
        head = kept
        if head * 4 > count {
            events.removeFirst(head)
            head = 0
        }
    }
}
