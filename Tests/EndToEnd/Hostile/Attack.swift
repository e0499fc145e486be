/// One attempt to get out of a slice, and the mechanisms without which it succeeds.
struct Attack: Sendable {
    typealias Script = @Sendable (Scene) async throws -> Outcome

    /// How it is shown that the attempt could succeed.
    enum Control: Sendable {
        /// The same slice, prepared without these mechanisms (`omit:` each; `fence` is the shim's own).
        case without([String])
        /// No slice at all.
        case bare
    }

    var name: String
    /// The attacker's verb and arguments; its report comes between the two.
    var arguments: @Sendable (Scene) async throws -> [String]
    var control: Control
    /// Sets of mechanisms without which the attempt must still be held, by others.
    var layers: [[String]] = []
    var cpu = "500m"
    var memory = "64Mi"
    /// What the task finds in its environment.
    var environment: @Sendable (Scene) -> [String: String] = { _ in [:] }
    /// Plays the attempt and judges it.
    var script: Script
    /// What it waits for: a mechanism that is not there yet. Such an attempt is told, not made.
    var waitsFor: String?
    /// Whether it is also made from a session (`exec`) in the slice of another command.
    var isForSessions: Bool

    init(
        _ name: String, _ arguments: @escaping @Sendable (Scene) async throws -> [String], control: Control,
        layers: [[String]] = [], cpu: String = "500m", memory: String = "64Mi",
        environment: @escaping @Sendable (Scene) -> [String: String] = { _ in [:] },
        waitsFor: String? = nil, isForSessions: Bool = true, script: @escaping Script = Scripts.plain
    ) {
        self.isForSessions = isForSessions
        self.name = name
        self.arguments = arguments
        self.control = control
        self.layers = layers
        self.cpu = cpu
        self.memory = memory
        self.environment = environment
        self.waitsFor = waitsFor
        self.script = script
    }

    init(
        _ name: String, _ arguments: [String], control: Control, layers: [[String]] = [], cpu: String = "500m",
        memory: String = "64Mi", waitsFor: String? = nil, script: @escaping Script = Scripts.plain
    ) {
        self.init(
            name, { _ in arguments }, control: control, layers: layers, cpu: cpu, memory: memory, waitsFor: waitsFor,
            script: script)
    }

    /// In the order of the list.
    static let all = resources + disks + devices + processes + files + kernel
}
