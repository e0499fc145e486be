import TidemillModel
import TidemillWire

/// Who owns what a write changes.
enum Ownership: Hashable, Sendable {
    case writer(Writer)
    /// What is written says itself who owns what: it is the result of an apply.
    case settled
}

/// Keeps `metadata.managedFields` of the objects of one kind.
struct FieldOwners: Sendable {
    private let kind: KindInfo
    private let main: FieldShape
    private let status: FieldShape

    init(_ kind: KindInfo) {
        self.kind = kind
        main = FieldShape(kind, .main)
        status = FieldShape(kind, .status)
    }

    /// `new`, which admission has left without owners, with those that it has when it is written over `old`, or created.
    /// `body` is what the writer sent: clients may have a say in who owns what.
    func settled(
        _ new: JSON, over old: JSON?, body: JSON, part: ObjectRules.Part, by ownership: Ownership, now: Timestamp
    ) -> JSON {
        switch ownership {
        case .settled:
            return new.owned(as: body.owners)
        case .writer(.client(let name)):
            let half: FieldShape.Half = part == .status ? .status : .main
            return updated(new.owned(as: half == .main ? body.owners : nil), over: old, half, by: name, now)
        case .writer(.part(let name)):
            guard let old, old.owners != nil else { return new }
            guard part == .all, kind.hasStatus else {
                return updated(new, over: old, part == .status ? .status : .main, by: name, now)
            }
            // What the first says of the owners is what the second starts from.
            let first = updated(new, over: old, .status, by: name, now)
            return updated(first, over: old.owned(as: first.owners), .main, by: name, now)
        }
    }

    /// `live` with `body` applied to one half of it, owners included; to be admitted still. Throws as `APIError` says it.
    func applied(
        _ configuration: AppliedConfiguration, to live: JSON, _ half: FieldShape.Half, by manager: String, force: Bool,
        now: Timestamp
    ) throws(ApplyFailure) -> JSON {
        try ServerSideApply.apply(configuration, to: live, by: writer(manager, half), force: force, now: now)
    }

    private func updated(
        _ new: JSON, over old: JSON?, _ half: FieldShape.Half, by manager: String, _ now: Timestamp
    ) -> JSON {
        ServerSideApply.update(
            from: old, to: new, by: writer(manager, half), along: half == .main ? main : status, now: now)
    }

    private func writer(_ manager: String, _ half: FieldShape.Half) -> FieldWriter {
        FieldWriter(
            manager: manager, apiVersion: kind.apiVersion, subresource: half == .status ? "status" : "")
    }
}

extension JSON {
    /// `metadata.managedFields` of an object.
    fileprivate var owners: JSON? { self["metadata"]?["managedFields"] }

    fileprivate func owned(as owners: JSON?) -> JSON {
        var object = self
        object["metadata"]?["managedFields"] = owners
        return object
    }
}
