import Glibc
import TidemillSQLite
import TidemillSeams
import TidemillStore

/// The roster beside a store: a line is appended, and has reached the disk, before the node's first renewal is
/// acknowledged. The data folder's lock keeps it to one controller.
package actor RosterFile: JoinLog {
    private let executor = BlockingExecutor(label: "tidemill.roster")
    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private let path: String
    private let descriptor: Int32
    private var roster: Roster
    /// Bytes of the lines that count; what a failed write left behind them is cut off.
    private var length: Int

    /// Opens the roster of `folder`, or makes it when there is none.
    ///
    /// - Parameters:
    ///   - identity: whose roster it is; noted when it is new to the file.
    ///   - nodes: those who joined before there was a roster, for a file that is made.
    package static func open(
        folder: String, identity: StoreIdentity, ifMissing nodes: Set<NodeID>
    ) async throws(StoreError) -> RosterFile {
        let life = Roster.Life(incarnation: identity.incarnation, base: identity.base)
        if try Roster.read(folder: folder) == nil {
            try Roster(nodes: nodes, lives: [life]).write(folder: folder)
        }
        guard let roster = try Roster.read(folder: folder) else {
            throw .failed("\(folder)/\(Roster.fileName) has disappeared")
        }
        let file = try RosterFile(path: folder + "/" + Roster.fileName, roster: roster)
        if !roster.lives.contains(life) { try await file.append(Roster.line(life)) }
        return file
    }

    private init(path: String, roster: Roster) throws(StoreError) {
        self.path = path
        self.roster = roster
        length = roster.wholeBytes
        descriptor = Glibc.open(path, O_WRONLY | O_CLOEXEC)
        if descriptor < 0 { throw DurableFile.failure("cannot open", path) }
    }

    deinit {
        close(descriptor)
    }

    package func nodes() -> Set<NodeID> { roster.nodes }

    package func join(_ node: NodeID) throws(StoreError) {
        if roster.nodes.contains(node) { return }
        try append("join \(node)\n")
        roster.nodes.insert(node)
    }

    package func leave(_ node: NodeID) throws(StoreError) {
        if !roster.nodes.contains(node) { return }
        try append("leave \(node)\n")
        roster.nodes.remove(node)
    }

    private func append(_ line: String) throws(StoreError) {
        // A torn line would spoil the one that follows it.
        if ftruncate(descriptor, length) != 0 || lseek(descriptor, length, SEEK_SET) < 0 {
            throw DurableFile.failure("cannot write", path)
        }
        let bytes = Array(line.utf8)
        try DurableFile.write(bytes, to: descriptor, path)
        length += bytes.count
    }
}
