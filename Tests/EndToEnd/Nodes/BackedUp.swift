import Foundation
import TidemillClient
import TidemillModel
import TidemillRig
import TidemillSeams
import TidemillWire

/// A backup is taken while a thousand objects are written each second. What is restored from it is the store as it was at
/// the backup's one revision: every object that the watch had shown by then, and nothing else.
struct BackedUp: Trial {
    let name = "backup"
    static let writers = 32
    static let leastPerSecond = 1_000.0

    func run(_ rig: Rig) async throws -> Findings {
        var findings = Findings()
        try await rig.startController()
        let client = try await rig.admin()
        // Something of the other kinds as well.
        for number in 0..<20 { try await rig.submit("backed-\(number)", "true") }
        let history = WriteHistory(client: client)
        let start = try await client.list(Kinds.Lease.info, namespace: "default").revision
        let file = "\(rig.folder)/backup"
        let perSecond = try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await history.watch(after: start) }
            for writer in 0..<Self.writers { group.addTask { try await history.write(writer) } }
            try await history.until(count: 5_000)
            let (began, before) = (Kernel.bootNanoseconds(), await history.writes)
            for copy in 0..<3 { try await rig.tidemill("backup", "-o", "\(file)-\(copy)") }
            let seconds = Double(Kernel.bootNanoseconds() - began) / 1e9
            let perSecond = Double(await history.writes - before) / seconds
            await history.stop()
            try await history.untilSeen()
            group.cancelAll()
            return perSecond
        }
        say("  \(Int(perSecond)) writes/s while the backups were taken")
        findings.check(
            "\(name): a thousand writes each second go on meanwhile", perSecond >= Self.leastPerSecond,
            "\(Int(perSecond))")
        findings.check("\(name): no write failed", noneOf: await history.problems)

        let others = try await Others(client)
        try await rig.killController(SIGTERM)
        for copy in 0..<3 {
            let header = try Self.header(of: "\(file)-\(copy)")
            try await rig.restore(from: "\(file)-\(copy)")
            try await rig.startController()
            let expected = await history.state(at: header)
            let page = try await client.list(Kinds.Lease.info, namespace: "default")
            let found = Dictionary(
                page.objects.map { (WriteHistory.name($0), WriteHistory.content($0)) },
                uniquingKeysWith: { first, _ in first })
            findings.check(
                "\(name): restored \(copy) is the store at revision \(header), object by object",
                noneOf: Self.differences(expected, found))
            let again = try await Others(client)
            findings.check("\(name): restored \(copy) has every other object", noneOf: others.missing(in: again))
            findings.check(
                "\(name): its revisions go on above all that were ever seen",
                page.revision.rawValue > (await history.highest), "\(page.revision.rawValue)")
            try await rig.killController(SIGTERM)
        }
        return findings
    }

    /// The revision in a backup's first line.
    private static func header(of file: String) throws -> Int64 {
        let text = try String(contentsOfFile: file, encoding: .utf8)
        guard let line = text.split(separator: "\n").first,
            let revision = try JSON.parse(Array(line.utf8))["revision"]?.integer
        else { throw RigError("\(file) has no header") }
        return revision
    }

    private static func differences(_ expected: [String: Int64], _ found: [String: Int64]) -> [String] {
        Set(expected.keys).union(found.keys).sorted().filter { expected[$0] != found[$0] }.map {
            "\($0) was \(expected[$0].map(String.init) ?? "absent"), is \(found[$0].map(String.init) ?? "absent")"
        }
    }
}

/// Uids and specs of what nobody writes meanwhile.
private struct Others: Sendable {
    private var objects: [String: String] = [:]

    init(_ client: APIClient) async throws {
        for kind in [Kinds.Namespace.info, Kinds.DeviceClass.info, Kinds.Job.info] {
            for object in try await client.list(kind, namespace: nil).objects {
                let metadata = object["metadata"]
                let key = "\(kind.kind) \(metadata?["namespace"]?.string ?? "")/\(metadata?["name"]?.string ?? "")"
                let spec = object["spec"].map { String(decoding: $0.bytes, as: UTF8.self) } ?? ""
                objects[key] = "\(metadata?["uid"]?.string ?? "") \(spec)"
            }
        }
    }

    func missing(in other: Others) -> [String] {
        objects.filter { other.objects[$0.key] != $0.value }.map(\.key).sorted()
    }
}

/// Writers of Leases, which no reconciler touches, and a watcher that sees every one of their changes.
private actor WriteHistory {
    private let client: APIClient
    private(set) var writes = 0
    private(set) var problems: [String] = []
    private var isStopped = false
    private var writersLeft = 0
    private var changes: [(revision: Int64, name: String, content: Int64?)] = []
    /// The store's revision after the last write.
    private(set) var highest: Int64 = 0

    init(client: APIClient) {
        self.client = client
    }

    private static let collection = ObjectPath.collection(Kinds.Lease.info, namespace: "default")

    static func name(_ object: JSON) -> String { object["metadata"]?["name"]?.string ?? "" }
    static func content(_ object: JSON) -> Int64 { object["spec"]?["leaseTransitions"]?.integer ?? -1 }
    private static func revision(_ object: JSON) -> Int64 {
        object["metadata"]?["resourceVersion"]?.string.flatMap { Int64($0) } ?? 0
    }

    func stop() { isStopped = true }

    /// Creates, updates and deletes fifty objects of its own, again and again. What is answered is not read: the machine is
    /// shared with the controller that is to keep up.
    func write(_ writer: Int) async throws {
        var exists: Set<String> = []
        var content: Int64 = 0
        writersLeft += 1
        defer { writersLeft -= 1 }
        while !isStopped {
            content += 1
            let name = "lease-\(writer)-\(content * 7 % 50)"
            do {
                if !exists.contains(name) {
                    exists.insert(name)
                    _ = try await client.send(
                        APIRequest(.post, Self.collection, body: Self.object(name, content).bytes))
                } else if content % 5 == 0 {
                    exists.remove(name)
                    _ = try await client.send(APIRequest(.delete, "\(Self.collection)/\(name)"))
                } else {
                    _ = try await client.send(
                        APIRequest(
                            .patch, "\(Self.collection)/\(name)",
                            body: Array("{\"spec\":{\"leaseTransitions\":\(content)}}".utf8),
                            contentType: MediaType.mergePatch))
                }
                writes += 1
            } catch {
                problems.append("\(name): \(error)")
                return
            }
        }
    }

    private static func object(_ name: String, _ content: Int64) -> JSON {
        [
            "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
            "metadata": ["name": .string(name), "namespace": "default"],
            "spec": ["holderIdentity": "backup", "leaseTransitions": .integer(content)],
        ]
    }

    func watch(after revision: Revision) async throws {
        let stream = try await client.watch(
            Kinds.Lease.info, namespace: "default", options: WatchOptions(after: revision, bookmarks: false))
        do {
            for try await event in stream {
                switch event {
                case .added(let object), .modified(let object):
                    changes.append((Self.revision(object), Self.name(object), Self.content(object)))
                case .deleted(let object):
                    changes.append((Self.revision(object), Self.name(object), nil))
                case .bookmark:
                    break
                }
            }
        } catch {
            // Cancelled once everything was seen; before that, the wait for it fails.
            if !Task.isCancelled { problems.append("the watch: \(error)") }
        }
    }

    func until(count: Int) async throws {
        try await Patience.untilTrue("\(count) writes are done", within: .seconds(60)) { writes >= count }
    }

    /// Waits until the writers have ended and the watch has seen what they wrote last.
    func untilSeen() async throws {
        try await Patience.untilTrue("the writers have ended", within: .seconds(60)) { writersLeft == 0 }
        let page = try await client.list(Kinds.Lease.info, namespace: "default")
        highest = page.revision.rawValue
        let last = page.objects.map(Self.revision).max() ?? 0
        try await Patience.untilTrue("the watch has seen every write", within: .seconds(60)) {
            changes.last.map { $0.revision >= last } ?? false
        }
    }

    /// What the watch had shown up to `revision`.
    func state(at revision: Int64) -> [String: Int64] {
        var state: [String: Int64] = [:]
        for change in changes where change.revision <= revision { state[change.name] = change.content }
        return state
    }
}
