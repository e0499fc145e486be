import Testing
import TidemillDaemon

@Suite struct ConfigurationTreeTests {
    private let keys = [
        ConfigurationKey("node"), ConfigurationKey("stateFolder", default: "/var/lib/tidemill"),
        ConfigurationKey("limits.connections", default: "10"), ConfigurationKey("names"),
    ]

    private func file(_ members: (String, ConfigurationValue)...) -> ConfigurationValue {
        .map(members.map { .init(key: $0.0, value: $0.1) })
    }

    @Test func `a flag wins over the environment, the environment over the file, the file over the default`() throws {
        let saved = file(("node", .text("file")), ("stateFolder", .text("/file")))
        let environment = ["TIDEMILL_NODE": "environment", "TIDEMILL_STATE_FOLDER": "/environment"]
        #expect(try ConfigurationTree(keys: keys).text("node") == nil)
        #expect(try ConfigurationTree(keys: keys).text("stateFolder") == "/var/lib/tidemill")
        #expect(try ConfigurationTree(keys: keys, file: saved).text("node") == "file")
        let both = try ConfigurationTree(keys: keys, file: saved, environment: environment)
        #expect(try both.text("stateFolder") == "/environment")
        let all = try ConfigurationTree(keys: keys, file: saved, environment: environment, flags: ["node": "flag"])
        #expect(try all.text("node") == "flag")
        #expect(all.settings.map(\.source) == [.flag, .environment, .default])
    }

    @Test func `an unknown key is an error that names the nearest one`() {
        #expect(throws: ConfigurationError.unknownKey(path: "statefoldr", nearest: "stateFolder")) {
            try ConfigurationTree(keys: keys, file: file(("statefoldr", .text("x"))))
        }
        #expect(throws: ConfigurationError.unknownKey(path: "limits.conections", nearest: "limits.connections")) {
            try ConfigurationTree(keys: keys, file: file(("limits", file(("conections", .text("5"))))))
        }
        #expect(throws: ConfigurationError.unknownKey(path: "colour", nearest: nil)) {
            try ConfigurationTree(keys: keys, flags: ["colour": "red"])
        }
        #expect(throws: ConfigurationError.notAMap) { try ConfigurationTree(keys: keys, file: .text("x")) }
    }

    @Test func `values are read by their type, and refused with the source and what they must be`() throws {
        let tree = try ConfigurationTree(
            keys: keys, file: file(("names", .list([.text("a"), .text("b")]))),
            environment: ["TIDEMILL_LIMITS_CONNECTIONS": "many"])
        #expect(try tree.list("names") == ["a", "b"])
        let error = #expect(throws: ConfigurationError.self) { try tree.integer("limits.connections", in: 1...99) }
        #expect(
            error?.description
                == "\"limits.connections\" from the environment is \"many\", but must be a whole number from 1 to 99")
        #expect(throws: ConfigurationError.missing(path: "node", environmentName: "TIDEMILL_NODE")) {
            try tree.requiredText("node")
        }
        let flags = try ConfigurationTree(keys: keys, flags: ["names": "x, y", "limits.connections": "7"])
        #expect(try flags.list("names") == ["x", "y"])
        #expect(try flags.integer("limits.connections", in: 1...99) == 7)
    }
}
