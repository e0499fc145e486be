import TidemillModel

/// Finds kinds by what people call them.
enum KindLookup {
    /// `jobs`, `job`, `jb`, `Job`, `jobs.tidemill.dev`, `job.tidemill.dev`, `jobs.v1alpha1.tidemill.dev`; nil when unknown.
    static func kind(_ word: String) -> KindInfo? {
        let name = word.lowercased()
        return Kinds.all.first { kind in
            let names = [kind.plural, kind.singular, kind.kind.lowercased()]
            if names.contains(name) || kind.shortNames.contains(name) { return true }
            guard !kind.group.isEmpty else { return false }
            return names.contains { name == "\($0).\(kind.group)" || name == "\($0).\(kind.version).\(kind.group)" }
        }
    }

    /// The kinds of a category such as `tidemill` or `all`.
    static func category(_ word: String) -> [KindInfo] {
        Kinds.all.filter { $0.categories.contains(word.lowercased()) }
    }

    /// The kind of a manifest.
    static func kind(apiVersion: String, kind: String) -> KindInfo? {
        Kinds.all.first { $0.apiVersion == apiVersion && $0.kind == kind }
    }

    /// What an unknown word is answered with.
    static func unknown(_ word: String) -> Failure {
        let known = Kinds.all.map(\.plural).sorted().joined(separator: ", ")
        return Failure("the server doesn't have a resource type \"\(word)\": it has \(known)")
    }
}
