import TidemillWire

/// What was done when a slice was given back, once nothing of it was left.
package struct ScrubRecord: Hashable, Sendable {
    /// Cgroups that were removed.
    package var groups: Int64
    /// What the kernel still kept in memory for the slice and was told to drop; nil where that is not counted.
    package var cacheBytes: Int64?
    /// What of its memory the kernel could not take back, and others use now; nil where that is not counted.
    package var leftBytes: Int64?

    package init(groups: Int64 = 0, cacheBytes: Int64? = nil, leftBytes: Int64? = nil) {
        self.groups = groups
        self.cacheBytes = cacheBytes
        self.leftBytes = leftBytes
    }

    /// How much may stay in use of a slice that counts as empty: files of the machine that it was the first to read, and what
    /// each CPU keeps counted for a moment.
    package static func mostLeftBytes(cpus: Int) -> Int64 { 16 << 20 + Int64(cpus) << 19 }

    /// A sentence for people. The order is that in which it was done.
    package var message: String {
        let cache = cacheBytes.map { " \($0 / 1024) KiB of its page cache were dropped," } ?? ""
        let left = leftBytes.map { " \($0 / 1024) KiB stayed in use elsewhere." } ?? ""
        return
            "No process was left,\(cache) and \(groups) of its cgroups were removed; private folders went with them.\(left)"
    }

    package var json: JSON {
        var json: JSON = ["groups": .integer(groups)]
        json["cacheBytes"] = cacheBytes.map { .integer($0) }
        json["leftBytes"] = leftBytes.map { .integer($0) }
        return json
    }

    package init?(json: JSON) {
        guard let groups = json["groups"]?.integer else { return nil }
        self.init(groups: groups, cacheBytes: json["cacheBytes"]?.integer, leftBytes: json["leftBytes"]?.integer)
    }
}
