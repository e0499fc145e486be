import TidemillModel

/// What a verb is asked to work on.
struct ObjectArguments: Equatable {
    /// Objects of one kind; all of them when `names` is empty.
    struct Target: Equatable {
        var kind: KindInfo
        var names: [String]
    }

    var targets: [Target]
    /// Whether several kinds were asked for, so that output names the kind.
    var isMixed: Bool { targets.count > 1 }

    /// Reads `jobs`, `jobs,slices`, `all`, `job hello other`, `job/hello slice/x`.
    init(parsing words: [String]) throws {
        guard let first = words.first else {
            throw Failure("name what you mean: a kind such as `jobs`, or an object such as `job/hello`")
        }
        targets = []
        if words.contains(where: { $0.contains("/") }) {
            for word in words {
                let parts = word.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
                guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
                    throw Failure("\"\(word)\": write KIND/NAME, such as job/hello, for every object")
                }
                let kind = try Self.kinds(parts[0])
                guard kind.count == 1 else { throw Failure("\"\(word)\": name one kind before the slash") }
                add(kind[0], [parts[1]])
            }
            return
        }
        let kinds = try Self.kinds(first)
        let names = Array(words.dropFirst())
        for kind in kinds { targets.append(Target(kind: kind, names: names)) }
    }

    private mutating func add(_ kind: KindInfo, _ names: [String]) {
        if let index = targets.firstIndex(where: { $0.kind == kind }) {
            targets[index].names += names
        } else {
            targets.append(Target(kind: kind, names: names))
        }
    }

    private static func kinds(_ words: String) throws -> [KindInfo] {
        var kinds: [KindInfo] = []
        for word in words.split(separator: ",").map(String.init) {
            if let kind = KindLookup.kind(word) {
                kinds.append(kind)
                continue
            }
            let members = KindLookup.category(word)
            if members.isEmpty { throw KindLookup.unknown(word) }
            kinds += members
        }
        var seen: Set<KindInfo> = []
        return kinds.filter { seen.insert($0).inserted }
    }
}
