import ArgumentParser

/// A word where a verb should be. ArgumentParser calls it an unexpected argument, which helps nobody who mistyped.
struct UnknownVerb: Equatable {
    var word: String
    /// Of the command that has no such verb: `tidemill`, `tidemill node`.
    var command: String
    var verbs: [String]

    /// What other tools call by this name.
    private static let elsewhere = ["untaint": "`tidemill taint NODE KEY-` removes a taint"]

    /// The verb that `arguments` name and that there is not; nil when there is nothing to say.
    static func find(
        in arguments: [String], of command: any ParsableCommand.Type = Tidemill.self, called path: String = "tidemill"
    ) -> UnknownVerb? {
        let subcommands = command.configuration.subcommands
        guard let word = arguments.first, !word.hasPrefix("-"), word != "help", !subcommands.isEmpty else { return nil }
        guard let next = subcommands.first(where: { $0._commandName == word }) else {
            return UnknownVerb(word: word, command: path, verbs: subcommands.map { $0._commandName })
        }
        return find(in: Array(arguments.dropFirst()), of: next, called: "\(path) \(word)")
    }

    var failure: Failure {
        let near = verbs.map { (verb: $0, distance: Self.distance(word, $0)) }.min { $0.distance < $1.distance }
        let hint =
            if let known = Self.elsewhere[word] {
                known
            } else if let near, near.distance <= 2, near.distance < word.count {
                "did you mean `\(command) \(near.verb)`?"
            } else {
                "`\(command) --help` lists what there is"
            }
        return Failure("there is no `\(command) \(word)`: \(hint)")
    }

    /// How many letters must be added, removed or changed.
    private static func distance(_ one: String, _ other: String) -> Int {
        let other = Array(other)
        var row = Array(0...other.count)
        for (line, letter) in one.enumerated() {
            var before = row[0]
            row[0] = line + 1
            for column in other.indices {
                let changed = before + (letter == other[column] ? 0 : 1)
                before = row[column + 1]
                row[column + 1] = min(changed, before + 1, row[column] + 1)
            }
        }
        return row[other.count]
    }
}
