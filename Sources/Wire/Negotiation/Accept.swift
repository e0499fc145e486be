/// In which form an answer is sent.
package enum Representation: Hashable, Sendable {
    /// The object or the list itself.
    case json
    /// A `meta.k8s.io` Table of the version.
    case table(version: String)
    /// Only the metadata of each object.
    case partialMetadata
    /// Aggregated discovery of the version `v2` or `v2beta1`.
    case discovery(version: String)
}

/// What a client accepts, best first.
package struct Accept: Hashable, Sendable {
    package var ranges: [MediaRange]

    /// Reads an Accept header. A client that sends none accepts anything; entries that cannot be read are passed over.
    package init(_ header: String?) {
        guard let header, header.contains(where: { $0 != " " && $0 != "," }) else {
            ranges = MediaRange(parsing: "*/*").map { [$0] } ?? []
            return
        }
        ranges = header.split(separator: ",").compactMap { MediaRange(parsing: String($0)) }
            .filter { $0.quality > 0 }
            .enumerated()
            .sorted { ($1.element.quality, $0.offset) < ($0.element.quality, $1.offset) }
            .map(\.element)
    }

    /// The form for objects and lists: the first entry that can be served; nil is a 406.
    package var forObjects: Representation? {
        first { range in
            switch (range.parameters["as"], range.parameters["g"], range.parameters["v"]) {
            case (nil, _, _): .json
            case ("Table"?, "meta.k8s.io"?, let version?) where ["v1", "v1beta1"].contains(version):
                .table(version: version)
            case ("PartialObjectMetadata"?, "meta.k8s.io"?, "v1"?),
                ("PartialObjectMetadataList"?, "meta.k8s.io"?, "v1"?):
                .partialMetadata
            default: nil
            }
        }
    }

    /// The form for `/api` and `/apis`: aggregated only in a version that was asked for by name.
    package var forDiscovery: Representation? {
        first { range in
            switch (range.parameters["as"], range.parameters["g"], range.parameters["v"]) {
            case (nil, _, _): .json
            case ("APIGroupDiscoveryList"?, "apidiscovery.k8s.io"?, let version?)
            where ["v2", "v2beta1"].contains(version):
                .discovery(version: version)
            default: nil
            }
        }
    }

    /// True when an answer of the media type `type/subtype` is acceptable.
    package func accepts(_ type: String, _ subtype: String) -> Bool {
        ranges.contains { $0.covers(type, subtype) }
    }

    private func first(_ representation: (MediaRange) -> Representation?) -> Representation? {
        for range in ranges where range.covers("application", "json") {
            if let found = representation(range) { return found }
        }
        return nil
    }
}
