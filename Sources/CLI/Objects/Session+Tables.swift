import TidemillClient
import TidemillModel
import TidemillSeams
import TidemillWire

extension Session {
    /// The target as one table, and the revision that it shows.
    func table(
        _ target: ObjectArguments.Target, _ scope: String?, _ selection: Selection
    ) async throws -> (ServerTable, Revision) {
        if target.names.isEmpty { return try await listed(target.kind, scope, selection) }
        if scope == nil && target.kind.namespaced {
            throw Failure("an object cannot be named across all namespaces: give its namespace with -n")
        }
        var whole: ServerTable?
        var revision = Revision(0)
        for name in target.names {
            let path = ObjectPath.object(target.kind, namespace: scope, name: name)
            let (table, newer) = try read(try await client.json(APIRequest(.get, path, accept: MediaType.table)))
            revision = max(revision, newer)
            if whole == nil { whole = table } else { whole?.rows += table.rows }
        }
        guard let whole else { throw Failure("no object was named") }
        return (whole, revision)
    }

    private func listed(
        _ kind: KindInfo, _ scope: String?, _ selection: Selection
    ) async throws -> (ServerTable, Revision) {
        let path = ObjectPath.collection(kind, namespace: scope)
        var whole: (ServerTable, Revision)?
        var token: String?
        repeat {
            var query: [(name: String, value: String)] = [("limit", "500")]
            if !selection.labels.isEmpty { query.append(("labelSelector", selection.labels)) }
            if !selection.fields.isEmpty { query.append(("fieldSelector", selection.fields)) }
            if let token { query.append(("continue", token)) }
            let json = try await client.json(APIRequest(.get, path, query: query, accept: MediaType.table))
            let (table, revision) = try read(json)
            if whole == nil { whole = (table, revision) } else { whole?.0.rows += table.rows }
            token = json.at(["metadata", "continue"])?.string.flatMap { $0.isEmpty ? nil : $0 }
        } while token != nil
        guard let whole else { throw Failure("the server sent no table") }
        return whole
    }

    private func read(_ json: JSON) throws -> (ServerTable, Revision) {
        guard let table = ServerTable(json: json) else { throw Failure("the server sent no table") }
        let text = json.at(["metadata", "resourceVersion"])?.string
        return (table, Revision(text.flatMap { Int64($0) } ?? 0))
    }
}

/// Prints the rows of a watch as they come.
struct TableFollower {
    var style: TableStyle
    var columns: [ServerTable.Column]
    var widths: [Int]
    var terminal: Terminal

    /// Goes on until it is interrupted: a watch that the server ends is taken up where it was.
    func run(
        _ session: Session, _ target: ObjectArguments.Target, _ scope: String?, _ selection: Selection,
        after first: Revision
    ) async throws {
        var selection = selection
        if let name = target.names.first { selection.fields = "metadata.name=\(name)" }
        var reached = first
        while true {
            let stream = try await session.client.watch(
                target.kind, namespace: scope, selection: selection,
                options: WatchOptions(after: reached, timeout: .seconds(86_400)), accept: MediaType.table)
            for try await event in stream {
                switch event {
                case .added(let object), .modified(let object), .deleted(let object):
                    guard let table = ServerTable(json: object, columns: columns) else { continue }
                    for row in table.rows {
                        let cells = style.cells(row, columns)
                        Terminal.say(style.painted(cells, columns: columns, widths: widths, on: terminal))
                    }
                    let text = object.at(["metadata", "resourceVersion"])?.string
                    if let number = text.flatMap({ Int64($0) }) { reached = max(reached, Revision(number)) }
                case .bookmark(let revision):
                    reached = max(reached, revision)
                }
            }
        }
    }
}
