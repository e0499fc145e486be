/// What a session inside a running task begins with.
package struct ExecRequest: Hashable, Sendable {
    /// The terminal that the command gets.
    package struct Terminal: Hashable, Sendable {
        package var rows: UInt16
        package var columns: UInt16
        /// TERM of the command's environment, such as `xterm-256color`.
        package var type: String

        package init(rows: UInt16, columns: UInt16, type: String) {
            self.rows = rows
            self.columns = columns
            self.type = type
        }
    }

    /// Program and arguments.
    package var command: [String]
    /// Nil: three pipes and no terminal.
    package var terminal: Terminal?

    package init(command: [String], terminal: Terminal? = nil) {
        self.command = command
        self.terminal = terminal
    }

    /// Arguments, and bytes of all of them together, that one request carries.
    package static let mostArguments = 1024
    package static let mostBytes = 8 << 10
    /// The media type of both directions of a session.
    package static let mediaType = "application/vnd.tidemill.exec"
}

/// The request as the query of `POST …/tasks/NAME/exec`.
extension ExecRequest {
    package var query: [(name: String, value: String)] {
        var items = command.map { (name: "command", value: $0) }
        if let terminal {
            items += [
                ("tty", "true"), ("rows", String(terminal.rows)), ("cols", String(terminal.columns)),
                ("term", terminal.type),
            ]
        }
        return items
    }

    /// Reads what `query` writes; other names are passed over. Throws `.badRequest`.
    package init(query: some Sequence<(name: String, value: String)>) throws(APIError) {
        var values: [String: String] = [:]
        var command: [String] = []
        for (name, value) in query {
            if name == "command" { command.append(value) } else if values[name] == nil { values[name] = value }
        }
        guard let program = command.first, !program.isEmpty else {
            throw .badRequest("command: Required value: name the program and its arguments, one `command` each")
        }
        guard command.count <= Self.mostArguments, command.reduce(0, { $0 + $1.utf8.count }) <= Self.mostBytes else {
            throw .badRequest(
                "command: Too long: must be at most \(Self.mostArguments) arguments and \(Self.mostBytes) bytes")
        }
        self.init(command: command)
        switch values["tty"] {
        case nil, "false", "0": break
        case "true", "1", "":
            terminal = Terminal(
                rows: try Self.size("rows", values, default: 24), columns: try Self.size("cols", values, default: 80),
                type: values["term"] ?? "xterm")
        case .some(let text): throw .badRequest("tty: Invalid value: \"\(text)\": must be true or false")
        }
    }

    private static func size(
        _ name: String, _ values: [String: String], default fallback: UInt16
    ) throws(APIError) -> UInt16 {
        guard let text = values[name], !text.isEmpty else { return fallback }
        guard let number = UInt16(text) else {
            throw .badRequest("\(name): Invalid value: \"\(text)\": must be a whole number from 0 to \(UInt16.max)")
        }
        return number
    }
}

extension ExecRequest: WireValue {
    package init(json: JSON) throws(DecodeFailure) {
        let reader = try ObjectReader(json)
        self.init(command: try reader.list("command"), terminal: try reader.optional("terminal"))
    }

    package var json: JSON {
        var writer = ObjectWriter()
        writer.put("command", command)
        writer.put("terminal", terminal)
        return writer.json
    }
}

extension ExecRequest.Terminal: WireValue {
    package init(json: JSON) throws(DecodeFailure) {
        let reader = try ObjectReader(json)
        let (rows, columns): (Int64, Int64) = (try reader.required("rows"), try reader.required("columns"))
        self.init(
            rows: UInt16(clamping: rows), columns: UInt16(clamping: columns), type: try reader.required("type"))
    }

    package var json: JSON {
        var writer = ObjectWriter()
        writer.put("rows", Int64(rows))
        writer.put("columns", Int64(columns))
        writer.put("type", type)
        return writer.json
    }
}
