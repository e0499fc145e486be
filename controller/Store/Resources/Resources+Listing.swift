import TidemillModel
import TidemillSeams
import TidemillWire

extension Resources {
    /// How many entries are looked through at a time when a selector is given.
    private static let scanned = 500

    /// Objects of `kind` in `namespace`, or in all when that is nil.
    ///
    /// Throws `.badRequest` for an unknown field in the selector or a broken token, `.expired` for a snapshot that is
    /// compacted, `.futureRevision` for one that is still to come.
    package func list(
        _ kind: KindInfo, namespace: String? = nil, _ options: ListOptions = ListOptions()
    ) async throws(APIError) -> ObjectList {
        let matcher = try ObjectMatcher(options.selector, kind: kind)
        var (snapshot, after) = try await start(of: options, kind: kind)
        let limit = options.limit.flatMap { $0 > 0 ? $0 : nil }
        let prefix = matcher.prefix(kind, namespace: namespace)
        var objects: [StoredObject] = []
        while true {
            let wanted = matcher.isEmpty ? limit : limit.map { max($0, Self.scanned) }
            let (pageStart, pageSnapshot) = (after, snapshot)
            let page = try await listing(snapshot, continued: options.continueToken != nil) {
                () async throws(StoreError) in
                try await store.list(prefix: prefix, after: pageStart, limit: wanted, at: pageSnapshot)
            }
            snapshot = page.revision
            var last: String?
            for entry in page.entries {
                if let limit, objects.count == limit { break }
                last = entry.key
                let object = StoredObject(kind, entry)
                if matcher.matches(object) { objects.append(object) }
            }
            let isFull = limit.map { objects.count >= $0 } ?? false
            let isCut = page.more || (last != nil && last != page.entries.last?.key)
            if !isCut { return ObjectList(objects: objects, revision: page.revision) }
            if isFull, let last {
                return ObjectList(
                    objects: objects, revision: page.revision,
                    continueToken: ContinueToken(snapshot: page.revision, after: last, kind: kind).text,
                    remaining: matcher.isEmpty ? page.remaining : nil)
            }
            after = last
        }
    }

    /// The snapshot to read and the key to go on after.
    private func start(of options: ListOptions, kind: KindInfo) async throws(APIError) -> (Revision?, String?) {
        let version = options.resourceVersion.flatMap { $0.isEmpty ? nil : $0 }
        if let text = options.continueToken, !text.isEmpty {
            guard let token = ContinueToken(text, kind: kind) else {
                throw .badRequest("the continue token cannot be read")
            }
            if let version, version != "0" {
                throw .badRequest("specifying resource version is not allowed when using continue")
            }
            return (token.snapshot, token.after)
        }
        guard let version else {
            if options.match != nil {
                throw Self.invalidOption(
                    "resourceVersionMatch", "resourceVersionMatch is forbidden unless resourceVersion is provided")
            }
            return (nil, nil)
        }
        let asked = try Self.revision(version)
        if options.match == .exact {
            if asked.rawValue == 0 {
                throw Self.invalidOption(
                    "resourceVersionMatch", "resourceVersionMatch \"Exact\" is forbidden for resourceVersion \"0\"")
            }
            return (asked, nil)
        }
        let current = await store.currentRevision()
        if asked > current { throw .futureRevision(requested: asked.rawValue, current: current.rawValue) }
        return (nil, nil)
    }

    private func listing(
        _ snapshot: Revision?, continued: Bool, _ read: () async throws(StoreError) -> Listing
    ) async throws(APIError) -> Listing {
        do throws(StoreError) {
            return try await read()
        } catch {
            switch error {
            case .expired where continued:
                throw .expired(
                    "The provided continue parameter is too old to display a consistent list result. You can start a new "
                        + "list without the continue parameter.")
            case .future(let current):
                throw .futureRevision(requested: snapshot?.rawValue ?? 0, current: current.rawValue)
            default: throw APIError(error)
            }
        }
    }

    /// A resource version as a client writes it.
    static func revision(_ text: String) throws(APIError) -> Revision {
        guard let number = Int64(text), number >= 0 else {
            throw Self.invalidOption("resourceVersion", "Invalid value: \"\(text)\": must be a resource version")
        }
        return Revision(number)
    }

    private static func invalidOption(_ field: String, _ detail: String) -> APIError {
        .invalid(kind: "ListOptions.meta.k8s.io", name: "", errors: [.forbidden(field, detail)])
    }
}

/// What `continue` says: opaque to clients.
struct ContinueToken {
    var snapshot: Revision
    /// The last key of the page before.
    var after: String
    private let kind: KindInfo

    init(snapshot: Revision, after: String, kind: KindInfo) {
        self.snapshot = snapshot
        self.after = after
        self.kind = kind
    }

    /// Nil when `text` is no token.
    init?(_ text: String, kind: KindInfo) {
        let parts = text.split(separator: "~", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let snapshot = Int64(parts[0]), snapshot > 0 else { return nil }
        self.init(snapshot: Revision(snapshot), after: kind.keyPrefix + parts[1], kind: kind)
    }

    var text: String { "\(snapshot)~\(after.dropFirst(kind.keyPrefix.count))" }
}

extension ObjectMatcher {
    /// What the keys of all objects that can match start with.
    func prefix(_ kind: KindInfo, namespace: String?) -> String {
        let prefix = kind.keyPrefix(namespace: namespace)
        guard let requiredName, !kind.namespaced || namespace != nil else { return prefix }
        return kind.namespaced ? prefix + requiredName : "\(prefix)/\(requiredName)"
    }
}
