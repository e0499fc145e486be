import TidemillLease
import TidemillNodeCore

/// Who everything of a slice is, and what it is kept from: its task, its canaries and its sessions alike.
package struct Confinement: Hashable, Sendable {
    /// User and group; nil keeps the agent's own.
    package var userID: UInt32?
    package var containment: Containment?

    package init(userID: UInt32? = nil, containment: Containment? = nil) {
        self.userID = userID
        self.containment = containment
    }
}

/// What a node keeps from its tasks, and what it lets them see.
package struct ConfinementSettings: Sendable {
    /// Whether the agent is root. Others keep their own user and contain as far as the kernel lets them.
    package var isRoot: Bool
    /// Covered, beside what is covered always.
    package var hiddenFolders: [String]
    /// Seen as they are, and writable.
    package var sharedFolders: [String]

    package init(isRoot: Bool, hiddenFolders: [String], sharedFolders: [String]) {
        self.isRoot = isRoot
        self.hiddenFolders = hiddenFolders
        self.sharedFolders = sharedFolders
    }

    func confinement(of slice: HeldSlice) -> Confinement {
        let memoryBytes = slice.grant.shares.compactMap(\.memoryBytes).reduce(0, +)
        return Confinement(
            userID: isRoot ? TenantID(namespace: slice.namespace).number : nil,
            containment: Containment(
                isRequired: isRoot, hiddenFolders: hiddenFolders, sharedFolders: sharedFolders,
                temporaryBytes: memoryBytes > 0 ? memoryBytes / 2 : nil))
    }
}
