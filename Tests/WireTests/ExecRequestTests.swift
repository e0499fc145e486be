import Testing

@testable import TidemillWire

@Suite struct ExecRequestTests {
    @Test(arguments: [
        ExecRequest(command: ["ls"]),
        ExecRequest(command: ["sh", "-c", "a=b&c", "", "ü"]),
        ExecRequest(command: ["top"], terminal: .init(rows: 50, columns: 132, type: "vt100")),
    ])
    func `is read back from its query`(request: ExecRequest) throws {
        #expect(try ExecRequest(query: request.query) == request)
    }

    @Test func `a terminal without a size has the usual one, and unknown names are passed over`() throws {
        let request = try ExecRequest(query: [
            (name: "command", value: "ls"), (name: "tty", value: ""), (name: "container", value: "main"),
        ])
        #expect(request == ExecRequest(command: ["ls"], terminal: .init(rows: 24, columns: 80, type: "xterm")))
    }

    @Test(arguments: [
        ("", "command"), ("command=", "command"), ("command=a tty=perhaps", "tty"),
        ("command=a tty=true rows=-1", "rows"), ("command=a tty=true cols=65536", "cols"),
    ])
    func `refuses what makes no sense, and names it`(text: String, field: String) {
        let query = text.split(separator: " ").map { pair in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            return (name: parts[0], value: parts[1])
        }
        let error = #expect(throws: APIError.self) { try ExecRequest(query: query) }
        #expect(error.map { Status($0).message.hasPrefix(field) } == true)
    }

    @Test func `refuses more than a request carries`() {
        #expect(throws: APIError.self) {
            try ExecRequest(query: ExecRequest(command: Array(repeating: "a", count: 1025)).query)
        }
        #expect(throws: APIError.self) {
            try ExecRequest(query: ExecRequest(command: [String(repeating: "a", count: 8193)]).query)
        }
    }
}
