import HTTPTypes
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

    /// `force`, which nothing but an apply may say.
    func isForced(_ allowed: Bool) throws(APIError) -> Bool {
        guard let text = self["force"], !text.isEmpty else { return false }
        if !allowed {
            throw Self.invalid("PatchOptions", .forbidden("force", "may not be specified for non-apply patch"))
        }
        return try flag("force")
    }

    fileprivate func fieldValidation() throws(APIError) -> FieldValidation {
        guard let text = self["fieldValidation"], !text.isEmpty else { return .strict }
        guard let validation = FieldValidation(rawValue: text) else {
            let supported = FieldValidation.allCases.map { "\"\($0.rawValue)\"" }.sorted().joined(separator: ", ")
            throw .badRequest("fieldValidation: Unsupported value: \"\(text)\": supported values: \(supported)")
        }
        return validation
    }

    /// Who says to write.
    fileprivate func fieldManager() throws(APIError) -> String? {
        guard let name = self["fieldManager"], !name.isEmpty else { return nil }
        if name.utf8.count > Self.longestManager {
            throw Self.invalid("PatchOptions", .tooLong("fieldManager", limit: Self.longestManager))
        }
        guard name.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            throw Self.invalid(
                "PatchOptions", .invalid("fieldManager", name, "should only contain printable characters"))
        }
        return name
    }

    fileprivate static let longestManager = 128

    fileprivate static func invalid(_ options: String, _ error: FieldError) -> APIError {
        .invalid(kind: "\(options).meta.k8s.io", name: "", errors: [error])
    }
}

extension Call {
    /// What writes take. Without `fieldManager` the writer is whoever the client's program says to be; agents are parts of
    /// Tidemill.
    ///
    /// Also reads how the answer is to look: what cannot be answered must not be written.
    func writeOptions() throws(APIError) -> WriteOptions {
        if case .table = try representation() { _ = try query.includeObject() }
        let manager = try query.fieldManager() ?? program
        return WriteOptions(
            isDryRun: try query.isDryRun(), validation: try query.fieldValidation(),
            writer: peer.node == nil ? .client(manager) : .agent)
    }

    /// What an apply takes, which says itself who applies.
    func applyOptions() throws(APIError) -> WriteOptions {
        guard try query.fieldManager() != nil else {
            throw Query.invalid("PatchOptions", .required("fieldManager", "is required for apply patch"))
        }
        return try writeOptions()
    }

    /// `kubectl` of `kubectl/v1.35.0 (linux/amd64)`.
    private var program: String {
        var name = ""
        for scalar in (header(.userAgent) ?? "").unicodeScalars {
            guard scalar != "/", name.utf8.count + UTF8.width(scalar) <= Query.longestManager else { break }
            if scalar.value >= 0x20, scalar.value != 0x7F { name.unicodeScalars.append(scalar) }
        }
        return name.isEmpty ? "unknown" : name
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
        guard let propagation = text.isEmpty ? .background : Propagation(rawValue: text) else {
            throw .badRequest(
                "propagationPolicy: Unsupported value: \"\(text)\": supported values: \"Background\", \"Foreground\", \"Orphan\""
            )
        }
        self.propagation = propagation
    }
}

extension ListOptions {
    init(_ call: Call) throws(APIError) {
        let query = call.query
        let match = query["resourceVersionMatch"].flatMap { $0.isEmpty ? nil : $0 }
        if let match, Match(rawValue: match) == nil {
            throw .badRequest(
                "resourceVersionMatch: Unsupported value: \"\(match)\": supported values: \"Exact\", \"NotOlderThan\"")
        }
        self.init(
            selector: try call.selector(),
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
