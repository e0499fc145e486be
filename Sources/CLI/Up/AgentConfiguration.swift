import TidemillClient
import TidemillWire
import TidemillYAML

/// The configuration that `up` gives an agent.
struct AgentConfiguration {
    let agent: AgentHome
    /// Host and port of the controller.
    let address: String
    /// Path of tidemill-shim.
    let shim: String

    /// As YAML.
    var text: String {
        let identity = agent.identity
        return YAMLWriter.text([
            "node": .string(agent.node),
            "controller": .string("https://\(address)"),
            "ca": .string("\(identity)/ca.pem"),
            "certificate": .string("\(identity)/node.pem"),
            "key": .string("\(identity)/node.key"),
            "stateFolder": .string(agent.state),
            "runFolder": .string(agent.run),
            "cgroupRoot": .string(agent.cgroupRoot),
            "shim": .string(shim),
        ])
    }
}
