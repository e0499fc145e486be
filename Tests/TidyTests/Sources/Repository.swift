import Foundation

/// The checkout that holds this file.
enum Repository {
    static let root: URL = {
        var folder = URL(filePath: #filePath).deletingLastPathComponent()
        while folder.path != "/", !FileManager.default.fileExists(atPath: folder.appending(path: "Package.swift").path)
        {
            folder.deleteLastPathComponent()
        }
        return folder
    }()

    /// Every Swift source below the folders that hold modules, sorted by path.
    static let sources: [SourceFile] = paths(endingIn: ".swift").compactMap { path in
        // A file that went away between the listing and the reading breaks no rule.
        (try? String(contentsOf: root.appending(path: path), encoding: .utf8)).map { SourceFile(path: path, text: $0) }
    }

    private static let folders = ["Sources", "agents", "controller", "Tests", "Benchmarks", "Tools"]

    private static func paths(endingIn suffix: String) -> [String] {
        folders.flatMap { folder -> [String] in
            let below = FileManager.default.enumerator(atPath: root.appending(path: folder).path)
            let names = below?.compactMap { $0 as? String } ?? []
            return names.filter { $0.hasSuffix(suffix) && !$0.contains(".build") }.map { "\(folder)/\($0)" }
        }.sorted()
    }

    /// The paths that git tracks; nil where there is no git.
    static let trackedPaths: [String]? = {
        let git = Process()
        git.executableURL = URL(filePath: "/usr/bin/env")
        git.arguments = ["git", "-C", root.path, "ls-files"]
        let pipe = Pipe()
        git.standardOutput = pipe
        git.standardError = FileHandle.nullDevice
        guard (try? git.run()) != nil else { return nil }  // Without git there is nothing to ask.
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        git.waitUntilExit()
        guard git.terminationStatus == 0 else { return nil }
        return String(decoding: output, as: UTF8.self).split(separator: "\n").map(String.init)
    }()
}
