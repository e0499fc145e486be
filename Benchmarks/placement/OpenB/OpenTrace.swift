import Foundation
import TidemillPlacement

/// The openb cluster and one of its workloads, as the folder of traces holds them.
package struct OpenTrace: Sendable {
    package var workload: String
    package var kinds: NodeKinds
    /// Each node's kind, in the order of the node list.
    package var nodes: [Int]
    /// What each pod of the list asks for.
    package var pods: [Shape]
    package var arrivals: [Arrival]

    /// One seed.
    package struct Arrival: Sendable {
        package var seed: Int
        /// Pods in the order in which they come.
        package var pods: [Int]
        /// Each node's place in the order of ties.
        package var ranks: [Int]
    }

    /// Thousandths of devices in the whole cluster.
    package var capacity: Int {
        zip(kinds.kinds, kinds.nodes).reduce(0) { $0 + $1.0.devices * $1.1 } * Int(Shape.whole)
    }

    /// The workloads that `folder` holds, sorted.
    package static func workloads(in folder: String) throws -> [String] {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder + "/arrivals")
        return names.filter { $0.hasSuffix(".txt") && !$0.hasSuffix(".nodeorder.txt") }.map { String($0.dropLast(4)) }
            .sorted()
    }

    package init(_ workload: String, in folder: String, seeds: Int) throws {
        self.workload = workload
        var models: [String: Int] = [:]
        func number(of model: Substring) throws -> Int {
            if let known = models[String(model)] { return known }
            guard models.count < 64 else { throw TraceError("\(folder): more than 64 device models") }
            models[String(model)] = models.count
            return models.count - 1
        }
        let nodeList = try Rows(folder + "/csv/openb_node_list_gpu_node.csv")
        var kinds = NodeKinds()
        nodes = try nodeList.rows.map { row in
            kinds.add(
                NodeKind(
                    milliCPU: try nodeList.number(row, "cpu_milli"), memoryMiB: try nodeList.number(row, "memory_mib"),
                    devices: Int(try nodeList.number(row, "gpu")),
                    deviceClass: try number(of: try nodeList.text(row, "model"))))
        }
        self.kinds = kinds
        let podList = try Rows(folder + "/csv/openb_pod_list_\(workload).csv")
        pods = try podList.rows.map { row in
            let wanted = podList.has("gpu_spec") ? try podList.text(row, "gpu_spec").split(separator: "|") : []
            let classes = try wanted.reduce(UInt64(0)) { $0 | 1 << UInt64(try number(of: $1)) }
            return Shape(
                milliCPU: try podList.number(row, "cpu_milli"), memoryMiB: try podList.number(row, "memory_mib"),
                devices: try podList.number(row, "num_gpu"), deviceMilli: try podList.number(row, "gpu_milli"),
                classes: wanted.isEmpty ? .max : classes)
        }
        let orders = try Self.numbers(folder + "/arrivals/\(workload).txt")
        let ranks = try Self.numbers(folder + "/arrivals/\(workload).nodeorder.txt")
        arrivals = zip(orders, ranks).prefix(seeds).map { order, ranks in
            Arrival(seed: order[0], pods: Array(order.dropFirst()), ranks: Array(ranks.dropFirst()))
        }
    }

    /// Lines of numbers, the seed first.
    private static func numbers(_ path: String) throws -> [[Int]] {
        try String(contentsOfFile: path, encoding: .utf8).split(whereSeparator: \.isNewline).map { line in
            try line.split(separator: " ").map { word in
                guard let number = Int(word) else { throw TraceError("\(path): '\(word)' is no number") }
                return number
            }
        }
    }

    /// The cluster with nothing on it, in the order of ties.
    package func rooms(_ arrival: Arrival) -> [Room] {
        var ordered: [Room?] = Array(repeating: nil, count: nodes.count)
        for (node, kind) in nodes.enumerated() {
            ordered[arrival.ranks[node]] = Room(kind, of: kinds.kinds[kind])
        }
        return ordered.compactMap { $0 }
    }
}

package struct TraceError: Error, CustomStringConvertible {
    package var description: String

    package init(_ description: String) {
        self.description = description
    }
}

/// A table of comma-separated values with a head line.
private struct Rows {
    let path: String
    private let columns: [String: Int]
    let rows: [[Substring]]

    init(_ path: String) throws {
        self.path = path
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(whereSeparator: \.isNewline)
        let table = lines.map { $0.split(separator: ",", omittingEmptySubsequences: false) }
        guard let head = table.first else { throw TraceError("\(path) is empty") }
        columns = Dictionary(head.enumerated().map { (String($0.element), $0.offset) }) { first, _ in first }
        rows = Array(table.dropFirst())
    }

    func has(_ column: String) -> Bool { columns[column] != nil }

    func text(_ row: [Substring], _ column: String) throws -> Substring {
        guard let index = columns[column], index < row.count else {
            throw TraceError("\(path) has no column \(column)")
        }
        return row[index]
    }

    func number(_ row: [Substring], _ column: String) throws -> Int32 {
        let text = try text(row, column)
        guard let number = Int32(text) else { throw TraceError("\(path): '\(text)' in \(column) is no number") }
        return number
    }
}
