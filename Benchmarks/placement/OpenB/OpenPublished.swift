import Foundation

/// The means of ten seeds that the authors of the traces published.
package struct OpenPublished: Sendable {
    /// By workload and policy: percent allocated by percent arrived.
    private var means: [String: [Int: Double]] = [:]

    /// Nothing where the folder holds no published figures.
    package init(in folder: String) throws {
        guard let text = try? String(contentsOfFile: folder + "/published/allocation.csv", encoding: .utf8) else {
            return
        }
        let table = text.split(whereSeparator: \.isNewline).map {
            $0.split(separator: ",", omittingEmptySubsequences: false)
        }
        guard let head = table.first else { return }
        var sums: [String: (seeds: Int, at: [Int: Double])] = [:]
        for row in table.dropFirst() where row.count == head.count {
            let key =
                row[0].replacingOccurrences(of: "openb_pod_list_", with: "") + " "
                + row[1].drop { $0 != "-" }.dropFirst()
            var sum = sums[key] ?? (0, [:])
            sum.seeds += 1
            for mark in OpenOutcome.marks {
                guard let column = head.firstIndex(of: Substring(String(mark))), let value = Double(row[column]) else {
                    continue
                }
                sum.at[mark, default: 0] += value
            }
            sums[key] = sum
        }
        means = sums.mapValues { sum in sum.at.mapValues { $0 / Double(sum.seeds) } }
    }

    /// Percent allocated when `mark` percent had arrived; nil when it was not published.
    package func allocation(_ workload: String, _ policy: String, at mark: Int) -> Double? {
        means["\(workload) \(policy)"]?[mark]
    }
}
