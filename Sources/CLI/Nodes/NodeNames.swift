/// Names of nodes on a command line: `a`, `node/a`.
enum NodeNames {
    static func parse(_ words: [String]) throws -> [String] {
        if words.isEmpty { throw Failure("name the node, such as `node-1`") }
        return try words.map(parse)
    }

    static func parse(_ word: String) throws -> String {
        let parts = word.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        let isNode = parts.count == 2 && ["node", "nodes", "nd", "node.tidemill.dev"].contains(parts[0].lowercased())
        let name = parts.count == 1 ? parts[0] : isNode ? parts[1] : ""
        if name.isEmpty { throw Failure("\"\(word)\" names no node: write its name, or node/NAME") }
        return name
    }
}
