extension Kinds.TaskTemplate {
    /// The kernel takes no longer argument or variable (MAX_ARG_STRLEN, its closing zero byte counted).
    private static let mostArgumentBytes = 131_071
    /// The kernel takes no more arguments and variables together than this on any usual stack limit.
    private static let mostTotalBytes = 1 << 20

    /// What is wrong with the template that stands at `path`.
    func problems(at path: String) -> [FieldError] {
        var errors: [FieldError] = []
        if command.first?.isEmpty == true {
            errors.append(.required("\(path).command[0]", "must name a program"))
        }
        for (index, argument) in command.enumerated() {
            errors += Self.problems(argument: argument, at: "\(path).command[\(index)]")
        }
        for (index, variable) in env.enumerated() {
            let place = "\(path).env[\(index)]"
            if variable.name.hasPrefix("TIDEMILL_") {
                errors.append(.forbidden("\(place).name", "names that start with TIDEMILL_ are reserved"))
            }
            errors += Self.problems(argument: variable.value ?? "", at: "\(place).value")
        }
        let total =
            command.reduce(0) { $0 + $1.utf8.count + 1 }
            + env.reduce(0) { $0 + $1.name.utf8.count + ($1.value?.utf8.count ?? 0) + 2 }
        if total > Self.mostTotalBytes { errors.append(.tooLong(path, limit: Self.mostTotalBytes)) }
        return errors
    }

    private static func problems(argument: String, at path: String) -> [FieldError] {
        if argument.utf8.count > mostArgumentBytes { return [.tooLong(path, limit: mostArgumentBytes)] }
        return argument.utf8.contains(0) ? [.invalid(path, "", "must not contain a zero byte")] : []
    }
}
