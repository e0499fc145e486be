import TidemillClient
import TidemillModel
import TidemillWire

/// One object of a file.
struct Manifest: Sendable {
    /// The file and line that it came from, for messages.
    var place: String
    var kind: KindInfo
    var tree: JSON

    var name: String { tree.objectName }

    /// Checks what a client must know before it can send the object anywhere.
    init(tree: JSON, place: String) throws {
        guard tree.object != nil else {
            throw Failure(
                "\(place): the document is \(tree.typeName), not an object with apiVersion, kind and metadata")
        }
        let version = try Self.text("apiVersion", tree, place, "such as \(Kinds.Job.info.apiVersion)")
        let kind = try Self.text("kind", tree, place, "such as Job")
        guard let info = KindLookup.kind(apiVersion: version, kind: kind) else {
            if let near = Kinds.all.first(where: { $0.kind.lowercased() == kind.lowercased() }) {
                throw Failure(
                    "\(place): no kind \"\(kind)\" in \"\(version)\": write apiVersion: \(near.apiVersion) and kind: \(near.kind)"
                )
            }
            let known = Kinds.all.map(\.kind).sorted().joined(separator: ", ")
            throw Failure("\(place): no kind \"\(kind)\": it is one of \(known)")
        }
        guard let metadata = tree["metadata"], metadata.object != nil else {
            throw Failure("\(place): metadata: Required value: an object with a name")
        }
        guard let name = metadata["name"]?.string, !name.isEmpty else {
            let found = metadata["name"].map { ", not \($0.text)" } ?? ""
            throw Failure("\(place): metadata.name: Required value: a string\(found)")
        }
        self.place = place
        self.kind = info
        self.tree = tree
    }

    private static func text(_ field: String, _ tree: JSON, _ place: String, _ example: String) throws -> String {
        guard let value = tree[field] else { throw Failure("\(place): \(field): Required value: \(example)") }
        guard let text = value.string, !text.isEmpty else {
            throw Failure("\(place): \(field): Invalid value: \(value.text): must be a string \(example)")
        }
        return text
    }
}
