import TidemillModel
import TidemillWire

/// What the server says about itself: versions, groups and resources, in the forms that every client since 1.20 reads.
///
/// All documents are made once; they hang on nothing but the kinds.
struct Discovery: Sendable {
    let root: [UInt8]
    let version: [UInt8]
    let coreVersions: [UInt8]
    let groups: [UInt8]
    private let byGroup: [String: [UInt8]]
    private let byGroupVersion: [String: [UInt8]]

    /// `programVersion` is Tidemill's own, such as `0.1.0`.
    init(_ kinds: KindTable, programVersion: String) {
        root = Self.root(kinds).bytes
        version = Self.version(programVersion).bytes
        coreVersions =
            ([
                "kind": "APIVersions", "apiVersion": "v1", "versions": ["v1"],
                "serverAddressByClientCIDRs": [],
            ] as JSON).bytes
        let all = kinds.groups.map { Self.group($0, kinds.versions(of: $0)) }
        groups = (["kind": "APIGroupList", "apiVersion": "v1", "groups": .array(all)] as JSON).bytes
        byGroup = Dictionary(
            zip(kinds.groups, all).map { name, group in
                var document: JSONObject = ["kind": "APIGroup", "apiVersion": "v1"]
                for member in group.object?.members ?? [] { document.append(member.key, member.value) }
                return (name, JSON.object(document).bytes)
            }
        ) { first, _ in first }
        var byGroupVersion: [String: [UInt8]] = [:]
        for version in kinds.kinds.map(\.apiVersion) + kinds.reviews.map(\.apiVersion)
        where byGroupVersion[version] == nil {
            byGroupVersion[version] = Self.resources(version, kinds).bytes
        }
        self.byGroupVersion = byGroupVersion
    }

    /// The APIGroup of `name`.
    func group(_ name: String) -> [UInt8]? { byGroup[name] }

    /// The APIResourceList of a group version.
    func resources(group: String, version: String) -> [UInt8]? {
        byGroupVersion[group.isEmpty ? version : "\(group)/\(version)"]
    }

    private static func root(_ kinds: KindTable) -> JSON {
        var paths = ["/api", "/api/v1", "/apis"]
        for group in kinds.groups {
            paths.append("/apis/\(group)")
            paths += kinds.versions(of: group).map { "/apis/\(group)/\($0)" }
        }
        paths += ["/healthz", "/livez", "/metrics", "/openapi/v2", "/openapi/v3", "/readyz", "/version"]
        return ["paths": .array(paths.map(JSON.string))]
    }

    /// kubectl warns when the minor version is far from its own, so a recent one is claimed.
    private static func version(_ programVersion: String) -> JSON {
        [
            "major": "1", "minor": "35", "gitVersion": .string("v1.35.0+tidemill-\(programVersion)"),
            "gitCommit": "", "gitTreeState": "clean", "buildDate": "1970-01-01T00:00:00Z", "goVersion": "none",
            "compiler": "swift", "platform": .string(platform),
        ]
    }

    private static var platform: String {
        #if arch(x86_64)
        "linux/amd64"
        #else
        "linux/arm64"
        #endif
    }

    private static func group(_ name: String, _ versions: [String]) -> JSON {
        let entries: [JSON] = versions.map {
            ["groupVersion": .string("\(name)/\($0)"), "version": .string($0)]
        }
        return [
            "name": .string(name), "versions": .array(entries), "preferredVersion": entries.first ?? .null,
        ]
    }

    private static func resources(_ apiVersion: String, _ kinds: KindTable) -> JSON {
        var list: [JSON] = []
        for kind in kinds.kinds where kind.apiVersion == apiVersion {
            list.append(resource(kind))
            if kind.hasStatus, !kind.isReview { list.append(part(kind, .status, verbs: ["get", "patch", "update"])) }
            if kind.has(.scale) {
                var scale = part(kind, .scale, verbs: ["get", "patch", "update"])
                scale["group"] = "autoscaling"
                scale["version"] = "v1"
                scale["kind"] = .string(ScaleView.kind)
                list.append(scale)
            }
            if kind.has(.log) { list.append(part(kind, .log, verbs: ["get"])) }
            if kind.has(.exec) { list.append(part(kind, .exec, verbs: ["create"])) }
        }
        for review in kinds.reviews where review.apiVersion == apiVersion {
            list.append([
                "name": .string(review.plural), "singularName": .string(review.singular), "namespaced": false,
                "kind": .string(review.kind), "verbs": ["create"],
            ])
        }
        return [
            "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": .string(apiVersion),
            "resources": .array(list),
        ]
    }

    private static func resource(_ kind: KindInfo) -> JSON {
        var entry: JSONObject = [
            "name": .string(kind.plural), "singularName": .string(kind.singular),
            "namespaced": .bool(kind.namespaced), "kind": .string(kind.kind),
            "verbs": kind.isReview
                ? ["create"] : ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
        ]
        if !kind.shortNames.isEmpty { entry.append("shortNames", .array(kind.shortNames.map(JSON.string))) }
        if !kind.categories.isEmpty { entry.append("categories", .array(kind.categories.map(JSON.string))) }
        return .object(entry)
    }

    private static func part(_ kind: KindInfo, _ part: Route.Part, verbs: [String]) -> JSON {
        [
            "name": .string("\(kind.plural)/\(part.rawValue)"), "singularName": "",
            "namespaced": .bool(kind.namespaced), "kind": .string(kind.kind),
            "verbs": .array(verbs.map(JSON.string)),
        ]
    }
}
