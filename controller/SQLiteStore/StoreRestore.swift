import Glibc
import TidemillModel
import TidemillSQLite
import TidemillSeams
import TidemillStore
import TidemillWire

/// Makes the store of a data folder anew out of a backup (section 4, Restore).
///
/// 1. The folder's lock is held throughout, so no controller runs.
/// 2. The backup is verified whole before anything is touched.
/// 3. The old store is moved aside and never deleted.
/// 4. A crash leaves the old store, or a state in which no controller starts and the restore can be run again.
package struct StoreRestore: Sendable {
    /// What came of it.
    package struct Outcome: Hashable, Sendable {
        /// The life that begins with the restore.
        package var incarnation: IncarnationID
        /// As of which revision of its own the backup is.
        package var backupRevision: Revision
        package var entries: Int
        /// Nodes that must report, or be confirmed dead, before anything is granted.
        package var waitsFor: [NodeID]
        /// Where the old store lies now; nil when there was none.
        package var aside: String?
    }

    /// The store's file in a data folder.
    static let fileName = "store.sqlite"
    /// A whole store that is about to take the place of the old one. While it is there no controller starts.
    static let readyName = "store.sqlite.restored"
    private static let partName = "store.sqlite.restoring"
    /// Above the bases of any number of restores that may have followed, and a thousand times within what JSON numbers hold.
    private static let unknownLift = StoreLift.step << 10
    /// What SQLite keeps beside a file.
    private static let companions = ["-wal", "-shm", "-journal"]

    let folder: String
    let time: any TimeSource
    let randomness: any Randomness

    package init(folder: String, time: any TimeSource, randomness: any Randomness) {
        self.folder = folder
        self.time = time
        self.randomness = randomness
    }

    /// What an operator vouches for, beyond what the folder itself knows.
    package struct Word: Hashable, Sendable {
        /// The backup names every node that there is; needed only where the folder has no roster.
        package var nodesAreComplete: Bool
        /// The backup may be of another store than the folder's, which is given up for it.
        package var otherStore: Bool
        /// A life that agents have seen and that the folder does not know: the newest store is lost, and its roster.
        package var after: IncarnationID?

        package init(nodesAreComplete: Bool = false, otherStore: Bool = false, after: IncarnationID? = nil) {
            self.nodesAreComplete = nodesAreComplete
            self.otherStore = otherStore
            self.after = after
        }
    }

    /// Restores the backup at `path`.
    package func run(from path: String, word: Word = Word()) throws(StoreError) -> Outcome {
        let lock = try DataFolderLock(folder: folder)
        defer { withExtendedLifetime(lock) {} }
        let backup = try Self.read(path)
        var roster = try roster(backup, nodesAreComplete: word.nodesAreComplete)
        let header = backup.header
        var lives = roster.lives
        for life in storedLives() where !lives.contains(where: { $0.incarnation == life.incarnation }) {
            lives.append(life)
        }
        if !word.otherStore { try Self.checkKinship(header, lives, path) }
        if let after = word.after {
            // How far its revisions were lifted nobody knows any more: far above any number of restores.
            lives.append(
                Roster.Life(incarnation: after, base: (lives.map(\.base).max() ?? header.base) + Self.unknownLift))
        }
        let lift = StoreLift(
            incarnation: IncarnationID(randomness.uuid()), from: (header.incarnation, header.ancestors, header.base),
            lives: lives.map { ($0.incarnation, $0.base) })
        let record = RestoreRecord(
            incarnation: lift.incarnation, waitsFor: roster.nodes.sorted(), since: Timestamp(time.wall()))
        try write(backup, lift, record)
        // Before the store, so that no later restore can miss this life.
        roster.lives = lives
        roster.lives.append(Roster.Life(incarnation: lift.incarnation, base: lift.base))
        try roster.write(folder: folder)
        let aside = try swap()
        return Outcome(
            incarnation: lift.incarnation, backupRevision: header.revision, entries: backup.entries.count,
            waitsFor: record.waitsFor, aside: aside)
    }

    // MARK: What it is made from

    private struct Backup {
        var header: BackupHeader
        /// Without what an earlier restore left unfinished: this one begins anew.
        var entries: [BackupEntry]
    }

    private static func read(_ path: String) throws(StoreError) -> Backup {
        var reader = BackupReader()
        var entries: [BackupEntry] = []
        let isThere = try DurableFile.read(path) { chunk throws(StoreError) in
            try checked(path) { () throws(BackupError) in
                try reader.read(chunk) { if $0.key != RestoreRecord.key { entries.append($0) } }
            }
        }
        if !isThere { throw .failed("there is no backup at \(path)") }
        let header = try checked(path) { () throws(BackupError) in try reader.finish() }
        return Backup(header: header, entries: entries)
    }

    private static func checked<Result>(
        _ path: String, _ body: () throws(BackupError) -> Result
    ) throws(StoreError) -> Result {
        do throws(BackupError) {
            return try body()
        } catch {
            throw .failed("\(path) is no backup that can be restored: \(error). Nothing was changed.")
        }
    }

    private func roster(_ backup: Backup, nodesAreComplete: Bool) throws(StoreError) -> Roster {
        if let roster = try Roster.read(folder: folder) { return roster }
        guard nodesAreComplete else {
            throw .failed(
                """
                \(folder) has no \(Roster.fileName), so nobody knows which nodes joined after the backup was taken and may \
                still run work. Put the file there, or say --nodes-complete when the backup names every node that there is.
                """)
        }
        let prefix = Kinds.Node.info.keyPrefix
        let names = backup.entries.map(\.key).filter { $0.hasPrefix(prefix) }
            .map { NodeID(Kinds.Node.info.ref(key: $0).name) }
        return Roster(nodes: Set(names))
    }

    /// The lives that the store in the folder names, oldest first; none where there is no store that can be read. One that
    /// can be read is one file afterwards, since closing it plays its log into it: a crash while it is moved aside parts
    /// nothing.
    private func storedLives() -> [Roster.Life] {
        let store = path(Self.fileName)
        guard DurableFile.exists(store) else { return [] }
        do throws(SQLiteError) {
            let connection = try SQLiteConnection(path: store, mode: .readWrite)
            guard let (incarnation, ancestors, base) = try Database.life(connection) else { return [] }
            return ancestors.map { Roster.Life(incarnation: $0, base: 0) }
                + [Roster.Life(incarnation: incarnation, base: base)]
        } catch {
            // A store that is damaged is a good reason for a restore.
            return []
        }
    }

    /// A backup of another control plane would end all that runs on this one's nodes.
    private static func checkKinship(_ header: BackupHeader, _ lives: [Roster.Life], _ path: String) throws(StoreError)
    {
        let known = Set(lives.map(\.incarnation))
        guard !known.isEmpty, known.isDisjoint(with: header.ancestors + [header.incarnation]) else { return }
        throw .failed(
            """
            \(path) is a backup of another store: its incarnation \(header.incarnation) is none of those that this folder's \
            store has had. Work that the backup does not know would be ended on every node. If this folder is to go on with \
            it all the same, say --other-store. Nothing was changed.
            """)
    }

    // MARK: The new store

    private func path(_ name: String) -> String { folder + "/" + name }

    private func write(_ backup: Backup, _ lift: StoreLift, _ record: RestoreRecord) throws(StoreError) {
        let part = path(Self.partName)
        for companion in [""] + Self.companions { try DurableFile.remove(part + companion) }
        let descriptor = open(part, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        if descriptor < 0 { throw DurableFile.failure("cannot make", part) }
        close(descriptor)
        try storing(at: part) { () throws(SQLiteError) in
            try Self.fill(part, backup, lift, record)
        }
        try DurableFile.sync(part)
        try DurableFile.move(part, to: path(Self.readyName))
    }

    /// The layout is that of `Database`: revisions without the base, which alone is lifted.
    private static func fill(
        _ path: String, _ backup: Backup, _ lift: StoreLift, _ record: RestoreRecord
    ) throws(SQLiteError) {
        let connection = try SQLiteConnection(path: path, mode: .readWrite)
        try connection.execute("PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL;")
        let old = backup.header
        let reached = old.revision.rawValue - old.base
        try connection.transaction { () throws(SQLiteError) in
            try connection.execute(Database.schema)
            let meta = try connection.prepare("INSERT INTO meta (name, value) VALUES (?, ?)")
            try meta.run("incarnation", .text(lift.incarnation.rawValue))
            try meta.run("ancestors", .text(Database.text(of: lift.ancestors)))
            try meta.run("base", .integer(lift.base))
            try meta.run("compacted", .integer(reached))
            try meta.run("format", .integer(Database.format))
            let insert = try connection.prepare("INSERT INTO changes (row, key, value, created) VALUES (?, ?, ?, ?)")
            var places: [Int64: Int64] = [:]
            for entry in backup.entries {
                let revision = entry.revision.rawValue - old.base
                let place = places[revision, default: 0]
                places[revision] = place + 1
                try insert.run(
                    .integer(revision * Database.rowsPerRevision + place), .text(entry.key), .blob(entry.value),
                    .integer(entry.created.rawValue - old.base))
            }
            try insert.run(
                .integer((reached + 1) * Database.rowsPerRevision), .text(RestoreRecord.key), .blob(record.storedBytes),
                .integer(reached + 1))
        }
    }

    /// Puts the new store in the place of the old one, which is moved aside. Returns where that lies now.
    private func swap() throws(StoreError) -> String? {
        let store = path(Self.fileName)
        var aside: String?
        let name = store + ".before-restore-" + String(Timestamp(time.wall()).text.map { $0 == ":" ? "-" : $0 })
        var free = name
        var number = 1
        while ([""] + Self.companions).contains(where: { DurableFile.exists(free + $0) }) {
            number += 1
            free = "\(name)-\(number)"
        }
        // The log of the old file before the new file: SQLite would play it into whatever lies beside it.
        for companion in [""] + Self.companions where DurableFile.exists(store + companion) {
            try DurableFile.move(store + companion, to: free + companion)
            if companion.isEmpty { aside = free }
        }
        try DurableFile.move(path(Self.readyName), to: store)
        return aside
    }
}
