/// What the writers were promised and what the watcher saw; judges whether anything was lost, reused or skipped.
///
/// A value without I/O: the programs feed it, `verdict` reads it.
struct Ledger {
    /// One acknowledged write.
    struct Write: Equatable {
        var key: String
        /// The counter that it wrote, or nil for a deletion.
        var content: Int?
        var revision: Int64
    }

    /// What a key may hold: the last acknowledged write, and what a request without an answer may have made of it.
    struct Belief {
        var acknowledged: Write?
        var uncertain: [Int?] = []
    }

    private(set) var beliefs: [String: Belief] = [:]
    private(set) var acknowledged: [Write] = []
    private(set) var reused: [String] = []
    private(set) var lost: [String] = []
    private(set) var gaps: [String] = []
    private var deletions: [(key: String, after: Int64)] = []
    private var revisions: [Int64: Write] = [:]
    private var seen: [Int64: Write] = [:]
    private(set) var lastSeen: Int64 = 0
    /// Revisions below this were skipped with an honest `Expired`.
    private var excusedBelow: Int64 = 0

    mutating func acknowledge(_ write: Write) {
        if let other = revisions[write.revision], other != write {
            reused.append("revision \(write.revision) answers for \(other.key) and for \(write.key)")
        }
        if let other = seen[write.revision], other.key != write.key {
            reused.append("revision \(write.revision) answers for \(write.key), watched for \(other.key)")
        }
        if let before = beliefs[write.key]?.acknowledged, before.revision >= write.revision {
            reused.append("\(write.key): revision \(write.revision) after \(before.revision)")
        }
        revisions[write.revision] = write
        acknowledged.append(write)
        beliefs[write.key] = Belief(acknowledged: write)
    }

    /// A deletion that was acknowledged: its revision is known to the watch alone.
    mutating func acknowledgeDeletion(key: String) {
        let before = beliefs[key]?.acknowledged?.revision ?? 0
        beliefs[key] = Belief(acknowledged: Write(key: key, content: nil, revision: before))
        deletions.append((key, before))
    }

    /// A request whose answer never came: it may have been done.
    mutating func doubt(key: String, content: Int?) {
        beliefs[key, default: Belief()].uncertain.append(content)
    }

    /// Compares what the store holds after a restart, and settles the doubts.
    /// - Parameter holds: content and revision of each key that exists.
    mutating func settle(_ holds: [String: (content: Int, revision: Int64)]) {
        for (key, belief) in beliefs.sorted(by: { $0.key < $1.key }) {
            let now = holds[key]
            let promised = belief.acknowledged
            if now?.content == promised?.content, now == nil || now?.revision == promised?.revision {
                beliefs[key]?.uncertain = []
                continue
            }
            if belief.uncertain.contains(now?.content), now.map({ $0.revision > promised?.revision ?? 0 }) ?? true {
                beliefs[key] = Belief(
                    acknowledged: now.map { Write(key: key, content: $0.content, revision: $0.revision) }
                        ?? Write(key: key, content: nil, revision: promised?.revision ?? 0))
                continue
            }
            lost.append(
                "\(key): promised \(text(promised?.content)) at \(promised?.revision ?? 0), found \(text(now?.content)) at \(now?.revision ?? 0)"
            )
        }
    }

    /// One event of the watch.
    mutating func watched(_ event: Write) {
        if event.revision <= lastSeen {
            gaps.append("revision \(event.revision) of \(event.key) came after \(lastSeen)")
        }
        if let other = revisions[event.revision], other.key != event.key {
            reused.append("revision \(event.revision) watched for \(event.key), acknowledged for \(other.key)")
        }
        seen[event.revision] = event
        lastSeen = max(lastSeen, event.revision)
    }

    /// The watch was told `Expired` and goes on from `revision`.
    mutating func excuse(upTo revision: Int64) {
        excusedBelow = max(excusedBelow, revision)
        lastSeen = max(lastSeen, revision)
    }

    /// The highest revision that was acknowledged.
    var highest: Int64 { acknowledged.last.map { _ in acknowledged.map(\.revision).max() ?? 0 } ?? 0 }

    /// At the end: every acknowledged write was watched, with its content.
    mutating func close() {
        for write in acknowledged where write.revision > excusedBelow {
            guard let event = seen[write.revision] else {
                gaps.append("revision \(write.revision) of \(write.key) was never watched")
                continue
            }
            if event.content != write.content {
                gaps.append(
                    "revision \(write.revision) of \(write.key) was watched as \(text(event.content)), not \(text(write.content))"
                )
            }
        }
        let removed = Dictionary(grouping: seen.values.filter { $0.content == nil }, by: \.key)
        for deletion in deletions where deletion.after > excusedBelow {
            if !(removed[deletion.key] ?? []).contains(where: { $0.revision > deletion.after }) {
                gaps.append("the deletion of \(deletion.key) after \(deletion.after) was never watched")
            }
        }
    }

    private func text(_ content: Int?) -> String { content.map(String.init) ?? "nothing" }
}
