/// The candidate that a person most likely meant by `word`: fewest edits, at most a third of its length; nil when none is near.
package func nearest(to word: String, among candidates: [String]) -> String? {
    let limit = max(1, word.count / 3)
    let ranked = candidates.map { (candidate: $0, edits: edits(from: word.lowercased(), to: $0.lowercased())) }
    let best = ranked.filter { $0.edits <= limit }.min { ($0.edits, $0.candidate) < ($1.edits, $1.candidate) }
    return best?.candidate
}

/// Levenshtein's distance: insertions, deletions and replacements of one character each.
func edits(from a: String, to b: String) -> Int {
    let target = Array(b)
    var row = Array(0...target.count)
    for (i, left) in a.enumerated() {
        var diagonal = row[0]
        row[0] = i + 1
        for (j, right) in target.enumerated() {
            let replaced = diagonal + (left == right ? 0 : 1)
            diagonal = row[j + 1]
            row[j + 1] = min(replaced, row[j] + 1, diagonal + 1)
        }
    }
    return row[target.count]
}
