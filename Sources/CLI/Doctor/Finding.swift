/// What `doctor` found out about one thing that Tidemill needs.
struct Finding: Equatable {
    enum Grade: String {
        case ok, warn, fail
    }

    var subject: String
    var grade: Grade
    /// What was found, in a few words.
    var found: String
    /// What to do about it; empty when nothing is amiss.
    var wayOut: String

    init(_ subject: String, _ grade: Grade, _ found: String, wayOut: String = "") {
        self.subject = subject
        self.grade = grade
        self.found = found
        self.wayOut = wayOut
    }

    static func ok(_ subject: String, _ found: String) -> Finding { Finding(subject, .ok, found) }
}
