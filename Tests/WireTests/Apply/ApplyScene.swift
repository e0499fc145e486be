import TidemillModel

@testable import TidemillWire

/// An object that several managers write, one after the other, a second apart.
struct ApplyScene {
    static let version = "tidemill.dev/v1"

    /// A shape with each kind of part.
    static let shape: FieldShape = .structure([
        "apiVersion": .unowned, "kind": .unowned, "status": .unowned,
        "metadata": .structure(["name": .unowned, "managedFields": .unowned, "labels": .map(.leaf)]),
        "spec": .structure([
            "region": .leaf, "size": .leaf, "tolerations": .leaf, "finalizers": .set,
            "env": .listMap(keys: ["name"], .structure(["name": .leaf, "value": .leaf])),
            "drain": .structure(["force": .leaf, "timeout": .leaf]),
            "pools": .map(.structure(["size": .leaf, "model": .leaf])),
        ]),
    ])

    var object: JSON = ["metadata": ["name": "a"]]
    private(set) var now = Timestamp(seconds: 0)

    init(_ parts: String = "{}") throws {
        object = MergePatch.apply(try JSON.parse(parts), to: object)
    }

    mutating func apply(_ manager: String, _ configuration: String, force: Bool = false) throws {
        now = Timestamp(seconds: now.seconds + 1)
        object = try ServerSideApply.apply(
            AppliedConfiguration(try JSON.parse(configuration), along: Self.shape), to: object,
            by: FieldWriter(manager: manager, apiVersion: Self.version), force: force, now: now)
    }

    /// Writes as a merge patch does.
    mutating func update(_ manager: String, _ patch: String, subresource: String = "") throws {
        now = Timestamp(seconds: now.seconds + 1)
        object = ServerSideApply.update(
            from: object, to: MergePatch.apply(try JSON.parse(patch), to: object),
            by: FieldWriter(manager: manager, apiVersion: Self.version, subresource: subresource), along: Self.shape,
            now: now)
    }

    /// What the conflict says that an apply meets; nothing changes by it.
    func conflict(_ manager: String, _ configuration: String) throws -> [String] {
        var copy = self
        do throws(ApplyFailure) {
            copy.object = try ServerSideApply.apply(
                AppliedConfiguration((try? JSON.parse(configuration)) ?? .null, along: Self.shape), to: object,
                by: FieldWriter(manager: manager, apiVersion: Self.version), force: false, now: now)
            return []
        } catch {
            guard case .conflicts(let conflicts) = error else { return ["\(error)"] }
            return conflicts.map { "\($0.message): \($0.field)" }
        }
    }

    /// The object without its owners.
    var content: String {
        var content = object
        content["metadata"]?["managedFields"] = nil
        return content.text
    }

    /// What each entry owns, by manager.
    var owners: [String: [String]] {
        let managed = ManagedFields(of: object).sorted.map { key, entry in
            (
                key.writer.manager + (key.operation == .apply ? "" : " (update)"),
                entry.fields.paths.map { $0.map(\.text).joined() }
            )
        }
        return Dictionary(managed) { $0 + $1 }
    }

    /// The time of each entry in seconds.
    var times: [String: Int64] {
        let managed = ManagedFields(of: object).sorted.map { key, entry in
            (key.writer.manager, entry.time?.seconds ?? -1)
        }
        return Dictionary(managed) { max($0, $1) }
    }
}
