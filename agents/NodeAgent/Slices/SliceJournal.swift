import TidemillNodeCore
import TidemillSQLite
import TidemillSeams
import TidemillWire

/// Keeps what the node holds across restarts of the agent: one row per held slice, and the grants that were released.
///
/// Each write is durable when it returns. Heartbeats never wait for it.
package actor SliceJournal {
    /// What the journal said at the start.
    package struct Contents: Sendable, Equatable {
        package var held: [HeldSlice] = []
        /// Released grants, oldest first, so that their epochs stay known.
        package var released: [HeldSlice] = []
        package var memory = SliceMemory()
        package var heartbeats = HeartbeatMemory()
        /// Entries that this version cannot read, by uid; what belongs to them is treated as unknown to the journal.
        package var unreadable: [SliceUID] = []

        package init() {}
    }

    /// Released grants that are kept.
    static let keptReleases: Int64 = 4096

    private let executor: BlockingExecutor
    nonisolated package var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
    private let path: String
    private var opened: Opened?
    /// Rows of `meta` as they were last written.
    private var written: [String: String] = [:]

    private struct Opened {
        let connection: SQLiteConnection
        let put: SQLiteStatement
        let remove: SQLiteStatement
        let release: SQLiteStatement
        let trim: SQLiteStatement
        let setMeta: SQLiteStatement
    }

    /// Opens nothing yet; `load()` does.
    package init(path: String) {
        self.path = path
        executor = BlockingExecutor(label: "tidemill.journal")
    }

    private func open() throws(SQLiteError) -> Opened {
        if let opened { return opened }
        let connection = try SQLiteConnection(path: path, busyMilliseconds: 5000)
        try JournalSchema.prepare(connection)
        let fresh = Opened(
            connection: connection,
            put: try connection.prepare("INSERT OR REPLACE INTO held (uid, epoch, record) VALUES (?, ?, ?)"),
            remove: try connection.prepare("DELETE FROM held WHERE uid = ? AND epoch = ?"),
            release: try connection.prepare("INSERT OR REPLACE INTO released (uid, epoch, record) VALUES (?, ?, ?)"),
            trim: try connection.prepare(
                "DELETE FROM released WHERE number <= (SELECT max(number) FROM released) - ?"),
            setMeta: try connection.prepare("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)"))
        opened = fresh
        return fresh
    }

    /// Everything, as of now.
    package func load() throws(SQLiteError) -> Contents {
        let connection = try open().connection
        var contents = Contents()
        var unreadable: [SliceUID] = []
        var held: [HeldSlice] = []
        try connection.prepare("SELECT uid, record FROM held ORDER BY uid").forEachRow { row in
            if let slice = Self.slice(row.text(1)) {
                held.append(slice)
            } else {
                unreadable.append(SliceUID(row.text(0)))
            }
        }
        var released: [HeldSlice] = []
        try connection.prepare("SELECT record FROM released ORDER BY number").forEachRow { row in
            if let slice = Self.slice(row.text(0)) { released.append(slice) }
        }
        contents.held = held
        contents.unreadable = unreadable
        contents.released = released
        try connection.prepare("SELECT key, value FROM meta").forEachRow { row in
            written[row.text(0)] = row.text(1)
        }
        contents.memory = SliceMemory(
            incarnation: written["incarnation"].map { IncarnationID($0) },
            killTimes: json("killTimes").map { KillTimes(json: $0) } ?? KillTimes(),
            alive: json("alive").flatMap(AliveNote.init(json:)))
        contents.heartbeats = json("heartbeats").map { HeartbeatMemory(json: $0) } ?? HeartbeatMemory()
        return contents
    }

    /// A row of `meta`; one that cannot be read counts as none.
    private func json(_ key: String) -> JSON? { written[key].flatMap { try? JSON.parse($0) } }

    /// Writes a held slice as it now is.
    package func put(_ slice: HeldSlice) throws(SQLiteError) {
        try open().put.run(.text(slice.uid.rawValue), .integer(slice.grant.epoch.rawValue), .text(slice.json.text))
    }

    /// The release was acknowledged: the slice is no longer held, and its epoch stays known.
    package func close(_ slice: HeldSlice) throws(SQLiteError) {
        let opened = try open()
        try opened.connection.transaction { () throws(SQLiteError) in
            let uid = SQLiteValue.text(slice.uid.rawValue)
            let epoch = SQLiteValue.integer(slice.grant.epoch.rawValue)
            try opened.remove.run(uid, epoch)
            try opened.release.run(uid, epoch, .text(slice.json.text))
            try opened.trim.run(.integer(Self.keptReleases))
        }
    }

    /// Keeps what the core remembers; only rows that changed are written.
    package func save(_ memory: SliceMemory) throws(SQLiteError) {
        var rows = ["killTimes": memory.killTimes.json.text]
        rows["incarnation"] = memory.incarnation?.rawValue
        rows["alive"] = memory.alive?.json.text
        try save(rows)
    }

    /// Keeps what heartbeats say of the past.
    package func save(_ memory: HeartbeatMemory) throws(SQLiteError) {
        try save(["heartbeats": memory.json.text])
    }

    private func save(_ rows: [String: String]) throws(SQLiteError) {
        let changed = rows.filter { written[$0.key] != $0.value }
        guard !changed.isEmpty else { return }
        let opened = try open()
        try opened.connection.transaction { () throws(SQLiteError) in
            for (key, value) in changed.sorted(by: { $0.key < $1.key }) {
                try opened.setMeta.run(.text(key), .text(value))
            }
        }
        written.merge(changed) { _, new in new }
    }

    private static func slice(_ text: String) -> HeldSlice? {
        // A row that is no JSON is reported as unreadable by the caller.
        guard let json = try? JSON.parse(text) else { return nil }
        return HeldSlice(json: json)
    }
}
