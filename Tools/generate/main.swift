import Foundation

// Turns Sources/Model/Schema into the Swift values, their codec and the reference pages, and the device catalogue into Swift.
// Run at the package's root. `--check` writes nothing and fails when something generated differs.

let arguments = CommandLine.arguments.dropFirst()
guard arguments.allSatisfy({ $0 == "--check" }) else {
    FileHandle.standardError.write(Data("usage: tidemill-generate [--check], at the package's root\n".utf8))
    exit(2)
}

do {
    let root = URL(fileURLWithPath: FileManager.default.currentDirectoryPath)
    let schema = try SchemaReader().read(folder: root.appendingPathComponent("Sources/Model/Schema"))
    let catalogue = try CatalogueOutput(folder: root.appendingPathComponent("agents/Devices/Catalogue"))
    let files =
        ModelOutput(schema: schema).files() + RuntimeSchemaOutput(schema: schema).files()
        + CodecOutput(schema: schema).files() + ReferenceOutput(schema: schema).files()
        + catalogue.files()
    let tree = GeneratedTree(root: root, files: files)
    if arguments.contains("--check") {
        let differences = try tree.differences()
        for path in differences { print("differs: \(path)") }
        if !differences.isEmpty {
            print("run `make generate` and commit the result")
            exit(1)
        }
    } else {
        try tree.write()
    }
} catch {
    FileHandle.standardError.write(Data("tidemill-generate: \(error)\n".utf8))
    exit(1)
}
