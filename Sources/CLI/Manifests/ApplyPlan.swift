import TidemillModel
import TidemillWire

/// What `apply` must do to an object so that it says what the manifest says. Pure.
///
/// As kubectl does, the manifest is kept in an annotation, so that the next apply knows which fields were taken out of it:
/// a field that neither manifest names belongs to others and stays.
enum ApplyPlan: Equatable {
    case create(JSON)
    /// A merge patch.
    case patch(JSON)
    case nothing

    static let annotation = "kubectl.kubernetes.io/last-applied-configuration"

    /// `live` is the object on the server, nil when there is none.
    init(manifest: JSON, live: JSON?) {
        let wanted = Self.annotated(manifest)
        guard let live else {
            self = .create(wanted)
            return
        }
        let recorded = live.at(["metadata", "annotations", Self.annotation])?.string
        // A record that does not parse was not written by an apply: nothing is known to have been taken out.
        let last = recorded.flatMap { try? JSON.parse($0) }
        var patch = Self.patch(from: live, to: wanted, last: last) ?? [:]
        // Status is not declared, and a manifest made by `get -o yaml` carries an old revision.
        patch["status"] = nil
        if patch == [:] || Self.isRecordOnly(patch, recorded) { self = .nothing } else { self = .patch(patch) }
    }

    /// The manifest with its own text in the annotation.
    static func annotated(_ manifest: JSON) -> JSON {
        let bare = Self.bare(manifest)
        var whole = bare
        var metadata = whole["metadata"] ?? [:]
        var annotations = metadata["annotations"] ?? [:]
        annotations[annotation] = .string(bare.text + "\n")
        metadata["annotations"] = annotations
        whole["metadata"] = metadata
        return whole
    }

    /// What the manifest declares: without the record, without what only servers write.
    private static func bare(_ manifest: JSON) -> JSON {
        var bare = manifest
        bare["status"] = nil
        guard var metadata = bare["metadata"] else { return bare }
        for field in ["resourceVersion", "uid", "generation", "creationTimestamp", "managedFields", "selfLink"] {
            metadata[field] = nil
        }
        if var annotations = metadata["annotations"] {
            annotations[annotation] = nil
            metadata["annotations"] = annotations
        }
        bare["metadata"] = metadata
        return bare
    }

    /// Sets what differs, removes what the last manifest named and this one does not; nil when nothing differs.
    private static func patch(from live: JSON, to wanted: JSON, last: JSON?) -> JSON? {
        guard case .object(let target) = wanted, case .object(let present) = live else {
            if live == wanted { return nil }
            return wanted
        }
        var changes = JSONObject()
        for member in target.members {
            if member.value == .null {
                if present[member.key] != nil { changes[member.key] = .null }
            } else if let value = present[member.key] {
                if let change = patch(from: value, to: member.value, last: last?[member.key]) {
                    changes[member.key] = change
                }
            } else {
                changes[member.key] = member.value
            }
        }
        for member in last?.object?.members ?? [] where target[member.key] == nil && present[member.key] != nil {
            changes[member.key] = .null
        }
        if changes.isEmpty { return nil }
        return .object(changes)
    }

    /// True when the only difference is how the record is spelled, by kubectl for instance.
    private static func isRecordOnly(_ patch: JSON, _ recorded: String?) -> Bool {
        guard let text = patch.at(["metadata", "annotations", annotation])?.string, let recorded else { return false }
        guard patch == ["metadata": ["annotations": [annotation: .string(text)]]] else { return false }
        // A record that does not parse differs.
        return (try? JSON.parse(recorded)) == (try? JSON.parse(text))
    }
}
