import Foundation

/// The generated files, against what lies in the working tree.
struct GeneratedTree {
    let root: URL
    let files: [(path: String, text: String)]

    /// Folders in which every file is generated, so that left-over ones are found.
    private static let folders = [
        "Sources/Model/Generated", "Sources/Wire/Generated", "agents/Devices/Generated", "docs/reference",
    ]

    /// Paths that are missing, stale or left over, sorted.
    func differences() throws -> [String] {
        var paths = try leftOver()
        for file in files {
            // A file that cannot be read differs, too.
            let existing = try? String(contentsOf: root.appendingPathComponent(file.path), encoding: .utf8)
            if existing != file.text { paths.append(file.path) }
        }
        return paths.sorted()
    }

    /// Writes what differs, so that builds see no change where there is none, and removes what is left over.
    func write() throws {
        for path in try differences() {
            let url = root.appendingPathComponent(path)
            guard let file = files.first(where: { $0.path == path }) else {
                try FileManager.default.removeItem(at: url)
                continue
            }
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(file.text.utf8).write(to: url, options: .atomic)
            print("wrote \(path)")
        }
    }

    private func leftOver() throws -> [String] {
        let wanted = Set(files.map(\.path))
        return try Self.folders.flatMap { folder -> [String] in
            let url = root.appendingPathComponent(folder)
            guard FileManager.default.fileExists(atPath: url.path) else { return [] }
            return try FileManager.default.contentsOfDirectory(atPath: url.path).map { "\(folder)/\($0)" }
                .filter { !wanted.contains($0) }
        }
    }
}
