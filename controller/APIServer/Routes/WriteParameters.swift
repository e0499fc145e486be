import NIOCore
import TidemillModel
import TidemillStore
import TidemillWire

extension Query {
    /// `dryRun=All`, the only value there is.
    func isDryRun() throws(APIError) -> Bool {
        for value in all("dryRun") where value != "All" {
            throw .badRequest("dryRun: Unsupported value: \"\(value)\": supported values: \"All\"")
        }
        return self["dryRun"] != nil
    }

    /// What writes take. Unknown fields are always refused, whatever `fieldValidation` says.
    func writeOptions() throws(APIError) -> WriteOptions {
        if let text = self["fieldValidation"], !["", "Strict", "Warn", "Ignore"].contains(text) {
            throw .badRequest(
                "fieldValidation: Unsupported value: \"\(text)\": supported values: \"Ignore\", \"Strict\", \"Warn\"")
        }
        if let manager = self["fieldManager"], manager.count > 128 {
            throw .badRequest("fieldManager: Too long: may not be more than 128 characters")
        }
        return WriteOptions(isDryRun: try isDryRun())
    }
}

extension DeleteOptions {
    /// Reads the options from the body, where clients put them, and from the query, where a person may.
    init(_ call: Call) async throws(APIError) {
        let body = try await call.bytes()
        try self.init(body.readableBytes > 0 ? try Call.parse(body) : [:], call.query)
    }

    init(_ body: JSON, _ query: Query) throws(APIError) {
        guard case .object(let object) = body else {
            throw .badRequest("DeleteOptions must be an object, not \(body.typeName)")
        }
        if let kind = object["kind"]?.string, kind != "DeleteOptions" {
            throw .badRequest("the body of a deletion must be DeleteOptions, not \(kind)")
        }
        self.init()
        isDryRun = try query.isDryRun()
        var propagation = query["propagationPolicy"]
        for member in object.members where member.value != .null {
            switch (member.key, member.value) {
            case ("kind", _), ("apiVersion", _): break
            // Objects end when their finalizers are gone; there is no further grace.
            case ("gracePeriodSeconds", .integer): break
            case ("orphanDependents", .bool(let orphan)): if orphan { propagation = "Orphan" }
            case ("propagationPolicy", .string(let text)): propagation = text
            case ("dryRun", .array(let values)):
                for value in values where value != "All" {
                    throw .badRequest("dryRun: Unsupported value: \(value.text): supported values: \"All\"")
                }
                isDryRun = isDryRun || !values.isEmpty
            case ("preconditions", .object(let conditions)):
                uid = conditions["uid"]?.string
                resourceVersion = conditions["resourceVersion"]?.string
            case ("gracePeriodSeconds", let value), ("orphanDependents", let value), ("propagationPolicy", let value),
                ("dryRun", let value), ("preconditions", let value):
                throw .badRequest("DeleteOptions: \(member.key): Invalid value: \(value.text): wrong type")
            default:
                throw .badRequest(
                    "DeleteOptions in version \"v1\" cannot be handled as a DeleteOptions: strict decoding error: unknown field \"\(member.key)\""
                )
            }
        }
        try setPropagation(propagation ?? "Background")
    }

    private mutating func setPropagation(_ text: String) throws(APIError) {
        switch text {
        case "", "Background": propagation = .background
        case "Foreground", "Orphan":
            throw .badRequest(
                "propagationPolicy: Unsupported value: \"\(text)\": this server deletes in the Background only")
        default:
            throw .badRequest(
                "propagationPolicy: Unsupported value: \"\(text)\": supported values: \"Background\"")
        }
    }
}

extension ListOptions {
    init(_ query: Query) throws(APIError) {
        let match = query["resourceVersionMatch"].flatMap { $0.isEmpty ? nil : $0 }
        if let match, Match(rawValue: match) == nil {
            throw .badRequest(
                "resourceVersionMatch: Unsupported value: \"\(match)\": supported values: \"Exact\", \"NotOlderThan\"")
        }
        self.init(
            selector: try ObjectSelector(query),
            limit: try query.integer("limit", in: 0...Int64(Int32.max)).flatMap { $0 == 0 ? nil : Int($0) },
            continueToken: query["continue"].flatMap { $0.isEmpty ? nil : $0 },
            resourceVersion: query["resourceVersion"], match: match.flatMap(Match.init(rawValue:)))
    }
}

extension ObjectSelector {
    init(_ query: Query) throws(APIError) {
        do throws(SelectorError) {
            self.init(
                labels: try query["labelSelector"].map { text throws(SelectorError) in try LabelSelector(parsing: text)
                }
                    ?? LabelSelector(),
                fields: try query["fieldSelector"].map { text throws(SelectorError) in try FieldSelector(parsing: text)
                }
                    ?? FieldSelector())
        } catch {
            throw .badRequest(error.message)
        }
    }
}
