import CHost
import Glibc
import TidemillLease
import TidemillSeams

/// A `Containment` as the C beneath wants it; the strings live as long as the value.
struct CContainment: ~Copyable {
    private let hidden: CStrings
    private let shared: CStrings
    let value: tm_containment

    /// - Parameter hasNamespaces: false where no namespace can be had: what rests on one is left out then.
    init(_ containment: Containment?, hasNamespaces: Bool) {
        hidden = CStrings(containment?.hiddenFolders ?? [])
        shared = CStrings(containment?.sharedFolders ?? [])
        var value = tm_containment()
        // A task has always had a /proc of its own.
        var mechanisms = containment?.mechanisms ?? [.proc]
        if !hasNamespaces { mechanisms.subtract([.mounts, .proc, .ipc, .uts, .cgroup, .network]) }
        value.mechanisms = mechanisms.reduce(0) { $0 | $1.bit }
        value.required = containment?.isRequired == true && geteuid() == 0 ? 1 : 0
        value.hidden = UnsafePointer(hidden.pointers)
        value.shared = UnsafePointer(shared.pointers)
        value.temporary_bytes = containment?.temporaryBytes ?? 0
        self.value = value
    }
}

extension Containment.Mechanism {
    fileprivate var bit: UInt32 {
        let mechanism =
            switch self {
            case .mounts: TM_MOUNTS
            case .proc: TM_PROC
            case .ipc: TM_IPC
            case .uts: TM_UTS
            case .cgroup: TM_CGROUP
            case .network: TM_NETWORK
            case .caps: TM_CAPS
            case .nnp: TM_NNP
            case .seccomp: TM_SECCOMP
            case .keyring: TM_KEYRING
            case .rlimits: TM_RLIMITS
            }
        return mechanism.rawValue
    }
}

/// As whom, and how far away from the machine: what task, canary and session have in common.
struct Standing {
    var userID: UInt32?
    var groupID: UInt32?
    var containment: Containment?

    /// - Parameter broken: what a test wants left out.
    init(userID: UInt32?, groupID: UInt32?, containment: Containment?, broken: Broken) {
        let isOmitted = broken.omits("uid")
        self.userID = isOmitted ? nil : userID
        self.groupID = isOmitted ? nil : groupID
        self.containment = containment
        self.containment?.omit(broken.omitted.union(broken.lost))
    }

    var userNumber: Int64 { userID.map(Int64.init) ?? -1 }
    var groupNumber: Int64 { groupID.map(Int64.init) ?? -1 }
}
