import TidemillModel
import TidemillWire

/// What a path names. Pure: the verb and the rest of the request are looked at later.
enum Route: Hashable, Sendable {
    /// A part of an object with an address of its own.
    enum Part: String, Hashable, Sendable {
        case status, scale, log, exec
    }

    case root
    case version
    /// The process answers.
    case health
    /// It also keeps what it accepts.
    case ready
    case metrics
    /// `/api`: the versions of the core group.
    case coreVersions
    /// `/apis`: all groups.
    case groups
    case group(String)
    /// `/api/v1`, `/apis/G/V`: the resources of a group version.
    case resources(group: String, version: String)
    /// All objects of a kind, of one namespace or of all.
    case collection(KindInfo, namespace: String?)
    case object(KindInfo, namespace: String, name: String, part: Part?)
    /// What is asked and not kept.
    case review(Review)
    /// The list of OpenAPI 3 documents.
    case openAPIIndex
    /// The OpenAPI 3 document of `api/v1` or `apis/G/V`.
    case openAPI(String)
    /// OpenAPI 2, of everything.
    case swagger
    case heartbeat
    /// What a node holds.
    case inventory
    /// All of the store, for operators.
    case backup
    /// The latest decisions of placement, or one of them with all that it was made on.
    case decisions(String?)
    /// An agent's control stream.
    case tunnel
    /// One answer of an agent to an opened stream.
    case tunnelStream(id: String)

    /// Throws `.noSuchPath` for a path that names nothing here.
    init(_ segments: [String], kinds: KindTable) throws(APIError) {
        guard let first = segments.first else {
            self = .root
            return
        }
        let rest = segments.dropFirst()
        switch first {
        case "api":
            if rest.isEmpty { self = .coreVersions } else { self = try Self.below(group: "", rest, kinds) }
        case "apis":
            guard let group = rest.first else {
                self = .groups
                return
            }
            let below = rest.dropFirst()
            // `/apis//v1` is not the core group.
            guard kinds.groups.contains(group), !group.isEmpty else { throw .noSuchPath }
            if below.isEmpty { self = .group(group) } else { self = try Self.below(group: group, below, kinds) }
        case "version" where rest.isEmpty: self = .version
        case "openapi" where rest.first == "v2" && rest.count == 1: self = .swagger
        case "openapi" where rest.first == "v3":
            let path = rest.dropFirst().joined(separator: "/")
            self = path.isEmpty ? .openAPIIndex : .openAPI(path)
        case "metrics" where rest.isEmpty: self = .metrics
        case "healthz", "livez": self = .health
        case "readyz": self = .ready
        case "agent": self = try Self.agent(Array(rest))
        case "admin" where Array(rest) == ["v1", "backup"]: self = .backup
        case "admin" where Array(rest.prefix(2)) == ["v1", "decisions"] && rest.count <= 3:
            self = .decisions(rest.dropFirst(2).first)
        default: throw .noSuchPath
        }
    }

    private static func agent(_ rest: [String]) throws(APIError) -> Route {
        if rest == ["v1", "heartbeat"] { return .heartbeat }
        if rest == ["v1", "inventory"] { return .inventory }
        if rest == ["v1", "tunnel"] { return .tunnel }
        if rest.count == 3, rest[0] == "v1", rest[1] == "tunnel" { return .tunnelStream(id: rest[2]) }
        throw .noSuchPath
    }

    private static func below(
        group: String, _ segments: ArraySlice<String>, _ kinds: KindTable
    ) throws(APIError) -> Route {
        let version = segments[segments.startIndex]
        guard kinds.has(group: group, version: version) else { throw .noSuchPath }
        let path = Array(segments.dropFirst())
        guard let first = path.first else { return .resources(group: group, version: version) }
        // `namespaces/NS/PLURAL…` leads into a namespace, `namespaces/NS` and `namespaces/NS/status` to the object itself.
        if first == "namespaces", path.count > 2, path[2] != "status" || path.count > 3 {
            guard let kind = kinds[group, version, path[2]], kind.namespaced else { throw .noSuchPath }
            return try named(kind, namespace: path[1], Array(path.dropFirst(3)))
        }
        if path.count == 1, let review = kinds.reviews.first(where: { $0.group == group && $0.plural == first }) {
            return .review(review)
        }
        guard let kind = kinds[group, version, first] else { throw .noSuchPath }
        if kind.namespaced {
            guard path.count == 1 else { throw .noSuchPath }
            return .collection(kind, namespace: nil)
        }
        return try named(kind, namespace: nil, Array(path.dropFirst()))
    }

    private static func named(_ kind: KindInfo, namespace: String?, _ rest: [String]) throws(APIError) -> Route {
        switch rest.count {
        case 0: return .collection(kind, namespace: namespace)
        case 1: return .object(kind, namespace: namespace ?? "", name: rest[0], part: nil)
        case 2:
            guard let part = Part(rawValue: rest[1]), kind.has(part) else { throw .noSuchPath }
            return .object(kind, namespace: namespace ?? "", name: rest[0], part: part)
        default: throw .noSuchPath
        }
    }
}

extension KindInfo {
    /// Whether `part` has an address of its own: a status and a scale where there is one, logs of tasks and sessions in them.
    func has(_ part: Route.Part) -> Bool {
        switch part {
        case .status: hasStatus
        case .scale: scale != nil
        case .log, .exec: groupResource == "tasks.tidemill.dev"
        }
    }
}

/// The kinds that one server serves. There are few: look-up is a scan, cheaper than hashing three texts.
struct KindTable: Sendable {
    let kinds: [KindInfo]
    let reviews = Review.allCases
    /// Without the core group, in order of appearance.
    let groups: [String]

    init(_ kinds: [KindInfo]) {
        self.kinds = kinds
        var groups: [String] = []
        for group in kinds.map(\.group) + reviews.map(\.group) where !group.isEmpty && !groups.contains(group) {
            groups.append(group)
        }
        self.groups = groups
    }

    subscript(group: String, version: String, plural: String) -> KindInfo? {
        kinds.first { $0.plural == plural && $0.version == version && $0.group == group }
    }

    func has(group: String, version: String) -> Bool {
        kinds.contains { $0.group == group && $0.version == version }
            || reviews.contains { $0.group == group && $0.version == version }
    }

    /// Versions of `group`, in order of appearance.
    func versions(of group: String) -> [String] {
        var versions: [String] = []
        let all =
            kinds.filter { $0.group == group }.map(\.version) + reviews.filter { $0.group == group }.map(\.version)
        for version in all where !versions.contains(version) { versions.append(version) }
        return versions
    }
}
