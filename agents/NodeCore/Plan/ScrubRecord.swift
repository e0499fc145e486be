import TidemillWire

/// What was done when a slice was given back, once nothing of it was left.
package struct ScrubRecord: Hashable, Sendable {
    /// Cgroups that were removed.
    package var groups: Int64
    /// What the kernel still kept in memory for the slice and was told to drop; nil where that is not counted.
    package var cacheBytes: Int64?

    package init(groups: Int64 = 0, cacheBytes: Int64? = nil) {
        self.groups = groups
        self.cacheBytes = cacheBytes
    }

    /// A sentence for people. The order is that in which it was done.
    package var message: String {
        let cache = cacheBytes.map { " \($0 / 1024) KiB of its page cache were dropped," } ?? ""
        return "No process was left,\(cache) and \(groups) of its cgroups were removed; private folders went with them."
    }

    package var json: JSON {
        var json: JSON = ["groups": .integer(groups)]
        json["cacheBytes"] = cacheBytes.map { .integer($0) }
        return json
    }

    package init?(json: JSON) {
        guard let groups = json["groups"]?.integer else { return nil }
        self.init(groups: groups, cacheBytes: json["cacheBytes"]?.integer)
    }
}
