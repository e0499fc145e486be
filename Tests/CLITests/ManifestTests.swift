import Foundation
import Testing
import TidemillModel
import TidemillWire

@testable import tidemill

@Suite struct ManifestTests {
    private func message(_ text: String) -> String {
        do {
            _ = try ManifestSource.objects(text, "f.yaml")
            return "accepted"
        } catch {
            return (error as? Failure)?.message ?? "\(error)"
        }
    }

    @Test(arguments: [
        ("", "f.yaml holds no objects"),
        ("- a", "f.yaml:1: the document is an array, not an object with apiVersion, kind and metadata"),
        ("kind: Job", "f.yaml:1: apiVersion: Required value: such as tidemill.dev/v1alpha1"),
        (
            "apiVersion: 1\nkind: Job",
            "f.yaml:1: apiVersion: Invalid value: 1: must be a string such as tidemill.dev/v1alpha1"
        ),
        (
            "apiVersion: batch/v1\nkind: Job\nmetadata: {name: x}",
            "f.yaml:1: no kind \"Job\" in \"batch/v1\": write apiVersion: tidemill.dev/v1alpha1 and kind: Job"
        ),
        ("apiVersion: tidemill.dev/v1alpha1\nkind: Job", "f.yaml:1: metadata: Required value: an object with a name"),
        (
            "apiVersion: tidemill.dev/v1alpha1\nkind: Job\nmetadata: {name: 5}",
            "f.yaml:1: metadata.name: Required value: a string, not 5"
        ),
        ("a: 1\na: 2", "f.yaml: line 1, column 1: duplicate key \"a\""),
    ])
    func `a fault is told with its place`(text: String, expected: String) {
        #expect(message(text) == expected)
    }

    @Test func `reads many documents and lists`() throws {
        let text = """
            apiVersion: tidemill.dev/v1alpha1
            kind: Job
            metadata: {name: a}
            ---
            apiVersion: v1
            kind: List
            items:
            - {apiVersion: v1, kind: Namespace, metadata: {name: lab}}
            - {apiVersion: tidemill.dev/v1alpha1, kind: Job, metadata: {name: b}}
            """
        let manifests = try ManifestSource.objects(text, "f.yaml")
        #expect(
            manifests.map { $0.kind.named($0.name) } == ["job.tidemill.dev/a", "namespace/lab", "job.tidemill.dev/b"])
        #expect(manifests[2].place == "f.yaml:5 items[1]")
    }

    @Test func `a folder is read by name, and only manifests`() throws {
        let folder = NSTemporaryDirectory() + "manifests-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }  // a leftover harms nobody
        for (file, name) in [("b.yaml", "two"), ("a.json", "one"), ("notes.txt", "three")] {
            let text = #"{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "\#(name)"}}"#
            try text.write(toFile: "\(folder)/\(file)", atomically: true, encoding: .utf8)
        }
        #expect(try ManifestSource.read(folder).map(\.name) == ["one", "two"])
        try Data([0x61, 0xFF]).write(to: URL(fileURLWithPath: "\(folder)/c.yaml"))
        #expect { try ManifestSource.read("\(folder)/c.yaml") } throws: { error in
            (error as? Failure)?.message.contains("is not UTF-8") == true
        }
    }
}

@Suite struct `The quickstart` {
    private var folder: String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("deploy/quickstart").path
    }

    @Test func `is accepted by the schema, every manifest of it`() throws {
        let manifests = try ManifestSource.read(folder)
        #expect(manifests.map(\.name).sorted() == ["greedy", "hello", "long"])
        for manifest in manifests {
            var tree = manifest.tree
            tree["metadata"]?["namespace"] = "default"
            let admitted = Admission.admit(tree, kind: manifest.kind)
            #expect(admitted.errors.isEmpty, "\(manifest.name): \(admitted.errors)")
        }
    }

    @Test func `says what each job should come to`() throws {
        let expected = try ManifestSource.read(folder).map {
            "\($0.name) \(ExpectedEnd(manifest: $0.tree).expected ?? "")"
        }
        #expect(expected.sorted() == ["greedy Failed/MemoryLimitExceeded", "hello Succeeded", "long Succeeded"])
    }

    @Test func `fits on two cores beside each other`() throws {
        var cpus = 0
        for manifest in try ManifestSource.read(folder) {
            let members = manifest.tree.at(["spec", "gang", "min"])?.integer ?? 1
            if let text = manifest.tree.at(["spec", "slice", "cpu"])?.string {
                cpus += Int(members) * Int(try Quantity(parsing: text).milliValue ?? 0)
            } else if let text = manifest.tree.at(["spec", "slice", "devices", "0", "compute"])?.string {
                cpus += Int(members) * Int(try Quantity(parsing: text).milliValue ?? 0) * 2
            }
        }
        #expect(cpus > 0 && cpus <= 1800)
    }
}
