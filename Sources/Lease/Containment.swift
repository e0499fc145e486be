/// What keeps a task away from the rest of its machine, beside its cgroups and its user: namespaces, a private view of the
/// file systems, and what it may no longer do.
package struct Containment: Hashable, Sendable {
    /// One thing that the kernel does for it. The raw value is its name in specs and in `omit:NAME`.
    package enum Mechanism: String, CaseIterable, Hashable, Sendable {
        /// The private view: the machine read-only, own /tmp, /var/tmp, /dev and /dev/shm, folders covered.
        case mounts
        /// An own /proc, of its own processes, that changes nothing of the machine.
        case proc
        case ipc
        case uts
        /// The slice's group as root of the cgroup tree.
        case cgroup
        /// An own network, with a loopback only. Off unless asked for.
        case network
        /// No capability, in no set.
        case caps
        /// No program gives new privileges. The filter rests on it.
        case nnp = "nnp"
        /// System calls that no task needs are refused.
        case seccomp
        /// A session keyring of its own.
        case keyring
        case rlimits
    }

    package var mechanisms: Set<Mechanism>
    /// Whether a step that the kernel refuses fails the start (root), or is told as unenforced (others).
    package var isRequired: Bool
    /// Absolute; covered by empty read-only folders. Those that do not exist are passed over.
    package var hiddenFolders: [String]
    /// Absolute; seen at their own path as they are on the machine, and as writable, also below a hidden folder. Those that
    /// do not exist are passed over.
    package var sharedFolders: [String]
    /// Bound of each of /tmp, /var/tmp and /dev/shm; half of the machine's memory when nil. What is written there counts as
    /// the slice's memory in any case.
    package var temporaryBytes: Int64?

    /// All but the network.
    package static let standardMechanisms = Set(Mechanism.allCases).subtracting([.network])

    package init(
        mechanisms: Set<Mechanism> = Self.standardMechanisms, isRequired: Bool = true, hiddenFolders: [String] = [],
        sharedFolders: [String] = [], temporaryBytes: Int64? = nil
    ) {
        self.mechanisms = mechanisms
        self.isRequired = isRequired
        self.hiddenFolders = hiddenFolders
        self.sharedFolders = sharedFolders
        self.temporaryBytes = temporaryBytes
    }

    /// Leaves out what is named; names of other things (such as `uid`) are passed over. The filter goes with `nnp`, without
    /// which the kernel does not take it from a task.
    package mutating func omit(_ names: some Sequence<String>) {
        for name in names {
            guard let mechanism = Mechanism(rawValue: name) else { continue }
            mechanisms.remove(mechanism)
            if mechanism == .nnp { mechanisms.remove(.seccomp) }
        }
    }
}

extension Containment {
    /// Adds its fields to a record. Nil adds nothing and is read back as nil.
    static func add(_ containment: Containment?, to text: inout RecordText) {
        guard let containment else { return }
        text.add("contained", containment.isRequired ? 1 : 0)
        text.add("mechanism", containment.mechanisms.map(\.rawValue).sorted())
        text.add("hidden", containment.hiddenFolders)
        text.add("shared", containment.sharedFolders)
        text.add("temporaryBytes", containment.temporaryBytes)
    }

    static func read(_ text: RecordText) throws(RecordError) -> Containment? {
        guard let required = try text.optionalNumber("contained") else { return nil }
        var mechanisms: Set<Mechanism> = []
        for name in text.all("mechanism") {
            guard let mechanism = Mechanism(rawValue: name) else { throw .invalid("mechanism") }
            mechanisms.insert(mechanism)
        }
        return Containment(
            mechanisms: mechanisms, isRequired: required != 0, hiddenFolders: text.all("hidden"),
            sharedFolders: text.all("shared"), temporaryBytes: try text.optionalNumber("temporaryBytes"))
    }
}
