/// The kinds and their types, nested here because a type named `Task` at the top would break `Task { }` everywhere.
package enum Kinds {}

/// A whole object of some kind.
package protocol KindObject: Validating, Sendable, Equatable {
    static var info: KindInfo { get }
    var metadata: ObjectMeta { get set }
}

/// A value with rules that span fields, beyond what the schema says.
package protocol Validating {
    /// What is wrong with the value; `old` is what it replaces. Only called once the schema's own rules hold.
    func validate(old: Self?) -> [FieldError]
}

extension Validating {
    package func validate(old: Self?) -> [FieldError] { [] }
}
