import NIOCore

/// The open connections and who holds each, so that those of one certificate or authority can be closed at once.
package actor ConnectionRegistry {
    private struct Entry {
        var peer: Peer
        var channel: any Channel
    }

    private var entries: [UInt64: Entry] = [:]
    private var nextID: UInt64 = 0

    package init() {}

    func add(_ peer: Peer, _ channel: any Channel) -> UInt64 {
        nextID += 1
        entries[nextID] = Entry(peer: peer, channel: channel)
        return nextID
    }

    func remove(_ id: UInt64) {
        entries[id] = nil
    }

    /// How many connections are open.
    package var count: Int { entries.count }

    /// Closes every connection whose peer matches; returns how many.
    @discardableResult
    package func close(where matches: (Peer) -> Bool) -> Int {
        let found = entries.values.filter { matches($0.peer) }
        for entry in found { entry.channel.close(promise: nil) }
        return found.count
    }
}
