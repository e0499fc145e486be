import Foundation

/// What the witnesses wrote down: who ran, and when. A value; the file is read once.
///
/// A line is `job rank attempt token start now`, the last two on the boot clock in nanoseconds. A run is one process.
package struct WitnessLog: Sendable {
    package struct Run: Hashable, Sendable {
        package var job: String
        package var rank: Int
        package var attempt: Int
        package var token: Int64
        /// The first and the last instant at which it certainly ran, on the boot clock.
        package var first: Int64
        package var last: Int64
        package var lines = 0
    }

    /// In order of their start.
    package let runs: [Run]

    package init(path: String) throws {
        // Not there before the first witness has run.
        guard FileManager.default.fileExists(atPath: path) else {
            self.init(text: "")
            return
        }
        self.init(text: String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self))
    }

    package init(text: String) {
        struct Key: Hashable {
            var index: Substring
            var start: Int64
        }
        var found: [Key: Run] = [:]
        // A last line without its end is still being written.
        let whole = text[..<(text.lastIndex(of: "\n") ?? text.startIndex)]
        for line in whole.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count == 6, let rank = Int(words[1]), let attempt = Int(words[2]), let token = Int64(words[3]),
                let start = Int64(words[4]), let now = Int64(words[5])
            else { continue }
            let key = Key(index: line[words[0].startIndex..<words[3].endIndex], start: start)
            found[
                key,
                default: Run(
                    job: String(words[0]), rank: rank, attempt: attempt, token: token, first: start, last: now)
            ].extend(to: now)
        }
        runs = found.values.sorted { ($0.first, $0.job, $0.rank) < ($1.first, $1.job, $1.rank) }
    }

    package func runs(of job: String) -> [Run] { runs.filter { $0.job == job } }

    /// Runs that began while another run of their index was there: what must never happen (invariant 1b).
    package var doubles: [String] {
        let indices = Dictionary(grouping: runs) { "\($0.job)/\($0.rank)" }
        return indices.sorted { $0.key < $1.key }.flatMap { index, runs in
            runs.indices.dropFirst().compactMap { position in
                let later = runs[position]
                guard let earlier = runs[..<position].max(by: { $0.last < $1.last }), earlier.last >= later.first
                else { return nil }
                let milliseconds = Double(min(earlier.last, later.last) - later.first) / 1e6
                return
                    "\(index): attempts \(earlier.attempt) and \(later.attempt) ran at the same time for \(milliseconds) ms"
            }
        }
    }

    /// Pairs of runs of one index of which the later one has no higher token.
    package var tokensOutOfOrder: [String] {
        let indices = Dictionary(grouping: runs) { "\($0.job)/\($0.rank)" }
        return indices.sorted { $0.key < $1.key }.flatMap { index, runs in
            zip(runs, runs.dropFirst()).filter { $0.token >= $1.token }.map { first, second in
                "\(index): token \(second.token) came after \(first.token)"
            }
        }
    }
}

extension WitnessLog.Run {
    fileprivate mutating func extend(to now: Int64) {
        last = max(last, now)
        lines += 1
    }
}
