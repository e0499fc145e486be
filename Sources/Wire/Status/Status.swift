import TidemillModel

/// The body of every failure, and of some successes (`metav1.Status`); the forms that kubectl prints.
package struct Status: Hashable, Sendable {
    /// One thing that is wrong.
    package struct Cause: Hashable, Sendable {
        /// Such as `FieldValueRequired`.
        package var reason: String
        package var message: String
        /// The path of the field, if it is about one.
        package var field: String

        package init(reason: String, message: String, field: String = "") {
            self.reason = reason
            self.message = message
            self.field = field
        }
    }

    /// What the status is about.
    package struct Details: Hashable, Sendable {
        package var name = ""
        package var group = ""
        /// The plural; the kind itself when the reason is `Invalid`.
        package var kind = ""
        package var uid = ""
        package var causes: [Cause] = []
        package var retryAfterSeconds = 0

        package init(
            name: String = "", group: String = "", kind: String = "", uid: String = "", causes: [Cause] = [],
            retryAfterSeconds: Int = 0
        ) {
            self.name = name
            self.group = group
            self.kind = kind
            self.uid = uid
            self.causes = causes
            self.retryAfterSeconds = retryAfterSeconds
        }
    }

    package var isSuccess: Bool
    /// For programs, such as `NotFound`; empty on success.
    package var reason: String
    /// For people.
    package var message: String
    package var details: Details?
    /// The HTTP status.
    package var code: Int

    package init(isSuccess: Bool = false, reason: String, message: String, details: Details? = nil, code: Int) {
        self.isSuccess = isSuccess
        self.reason = reason
        self.message = message
        self.details = details
        self.code = code
    }

    /// Says that the object is gone; the uid lets a client notice that another took its name.
    package static func deleted(_ kind: KindInfo, name: String, uid: String) -> Status {
        Status(
            isSuccess: true, reason: "", message: "",
            details: Details(name: name, group: kind.group, kind: kind.plural, uid: uid), code: 200)
    }
}
