import TidemillModel
import TidemillNodeCore
import TidemillSeams

/// The whole environment of a task: what its template says, and what Tidemill tells it about itself. Limits are not in it:
/// they are in the kernel.
package enum TaskEnvironment {
    static let defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    /// `NAME=value` each, in order of name. Our own names win over the template's, PATH and HOME yield to it.
    package static func variables(
        of slice: HeldSlice, _ template: Kinds.TaskTemplate, grade: Kinds.IsolationGrade
    ) -> [String] {
        var values = ["PATH": defaultPath, "HOME": "/tmp"]
        for variable in template.env { values[variable.name] = variable.value ?? "" }
        values["TIDEMILL_NAMESPACE"] = slice.namespace
        values["TIDEMILL_SLICE"] = slice.name
        values["TIDEMILL_TOKEN"] = String(slice.grant.token.rawValue)
        values["TIDEMILL_ISOLATION"] = grade.rawValue
        if let member = slice.member {
            values["TIDEMILL_JOB"] = member.job
            values["TIDEMILL_RANK"] = String(member.index)
            values["TIDEMILL_SIZE"] = String(member.size)
            values["TIDEMILL_ATTEMPT"] = String(member.attempt)
        }
        return values.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    }
}
