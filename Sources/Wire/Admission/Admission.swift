import TidemillModel

/// Decides whether a tree that a client sent is an object of a kind: every rule that the schema states.
///
/// 1. What is admitted is complete: defaults are filled in, members stand in the schema's order, null ones are gone.
/// 2. Every mistake is reported, up to `mostErrors`, each with its path.
/// 3. Unknown fields are errors of reason `unknown`, as many again, and are not in the result: strict servers refuse,
///    lenient ones go on.
package enum Admission {
    /// Beyond these a client has learnt enough.
    static let mostErrors = 64

    /// The tree as it would be stored, and what is wrong with it. `metadata.managedFields` and `selfLink` are dropped.
    package static func admit(_ tree: JSON, kind: KindInfo) -> (tree: JSON, errors: [FieldError]) {
        guard case .object(let object) = tree else {
            return (tree, [.wrongType("", wanted: "an object", found: tree.typeName, value: tree.shortText)])
        }
        var walk = AdmissionWalk()
        let admitted = walk.root(object, kind: kind)
        return (.object(admitted), walk.unknown + walk.errors)
    }

    /// The rules that span fields, for a tree that `admit` found nothing wrong with; `old` is what it replaces.
    package static func validate(_ tree: JSON, old: JSON?, kind: KindInfo) -> [FieldError] {
        KindCodecs.all.first { $0.info == kind }?.validate(tree, old: old) ?? []
    }
}
