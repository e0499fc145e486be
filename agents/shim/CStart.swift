import CHost
import TidemillLease
import TidemillSeams

/// A command that starts in a slice, as the C beneath wants it: a task's, or a session's. The strings live as long as the
/// value.
struct CStart: ~Copyable {
    private let arguments: CStrings
    private let environment: CStrings
    private let directory: CStrings
    private let groups: CStrings
    private let contained: CContainment
    let standing: Standing

    init(_ spec: ShimSpec, broken: Broken) {
        self.init(
            spec.command, spec.environment, in: spec.workingDirectory, spec.groups,
            Standing(userID: spec.userID, groupID: spec.groupID, containment: spec.containment, broken: broken),
            hasNamespaces: !broken.isFence)
    }

    init(_ spec: ExecSpec, broken: Broken) {
        self.init(
            spec.command, spec.environment, in: spec.workingDirectory, spec.groups,
            Standing(userID: spec.userID, groupID: spec.groupID, containment: spec.containment, broken: broken),
            hasNamespaces: !broken.isFence)
    }

    private init(
        _ command: [String], _ environment: [String], in folder: String, _ groups: GroupFiles, _ standing: Standing,
        hasNamespaces: Bool
    ) {
        arguments = CStrings(command)
        self.environment = CStrings(environment)
        directory = CStrings([folder])
        self.groups = CStrings(groups.taskProcs)
        contained = CContainment(standing.containment, hasNamespaces: hasNamespaces)
        self.standing = standing
    }

    var command: tm_command {
        tm_command(
            arguments: UnsafePointer(arguments.pointers), environment: UnsafePointer(environment.pointers),
            working_directory: directory.pointers[0].map { UnsafePointer($0) })
    }

    var containment: tm_containment { contained.value }

    var groupProcs: UnsafePointer<UnsafeMutablePointer<CChar>?> { UnsafePointer(groups.pointers) }
}
