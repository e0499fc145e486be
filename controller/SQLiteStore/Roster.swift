import TidemillSeams
import TidemillStore

/// What a roster file says: who joined and is not struck off, and the lives that the store beside it has had.
///
/// A line each: `join NODE`, `leave NODE`, `life INCARNATION BASE`. A last line without its end was being written when the
/// machine stopped: nobody was told that it is there, so it does not count.
package struct Roster: Hashable, Sendable {
    /// One life of the store. A backup knows only those before it; the next restore must be above all of them.
    package struct Life: Hashable, Sendable {
        package var incarnation: IncarnationID
        package var base: Int64

        package init(incarnation: IncarnationID, base: Int64) {
            self.incarnation = incarnation
            self.base = base
        }
    }

    /// The file's name in the data folder.
    package static let fileName = "nodes.roster"

    package var nodes: Set<NodeID>
    /// Oldest first.
    package var lives: [Life]
    /// Bytes of the whole lines.
    private(set) var wholeBytes = 0

    package init(nodes: Set<NodeID> = [], lives: [Life] = []) {
        self.nodes = nodes
        self.lives = lives
    }

    /// Throws `.corrupt` when a whole line cannot be read.
    package init(parsing bytes: [UInt8], path: String) throws(StoreError) {
        self.init()
        let end = bytes.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        for (index, line) in bytes[..<end].split(separator: UInt8(ascii: "\n")).enumerated() {
            let words = String(decoding: line, as: UTF8.self).split(separator: " ").map(String.init)
            guard take(words) else { throw .corrupt("\(path) cannot be read at line \(index + 1)") }
        }
        wholeBytes = end
    }

    private mutating func take(_ words: [String]) -> Bool {
        switch (words.first, words.count) {
        case ("join", 2): nodes.insert(NodeID(words[1]))
        case ("leave", 2): nodes.remove(NodeID(words[1]))
        case ("life", 3):
            guard let base = Int64(words[2]) else { return false }
            lives.append(Life(incarnation: IncarnationID(words[1]), base: base))
        default: return false
        }
        return true
    }

    /// The file that says this and nothing else.
    package var bytes: [UInt8] {
        var text = ""
        for life in lives { text += Self.line(life) }
        for node in nodes.sorted() { text += "join \(node)\n" }
        return Array(text.utf8)
    }

    static func line(_ life: Life) -> String { "life \(life.incarnation) \(life.base)\n" }

    /// The roster of a data folder; nil when it has none.
    package static func read(folder: String) throws(StoreError) -> Roster? {
        let path = folder + "/" + fileName
        guard let bytes = try DurableFile.read(path) else { return nil }
        return try Roster(parsing: bytes, path: path)
    }

    /// Puts this roster into a data folder, in the place of what was there.
    package func write(folder: String) throws(StoreError) {
        try DurableFile.replace(folder + "/" + Self.fileName, with: bytes)
    }
}
