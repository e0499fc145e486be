/// What a test asks to be broken on purpose, so that it can see that it would notice: `TIDEMILL_BREAK`, a comma list. Debug
/// builds only; who reads the environment is under `#if DEBUG`.
package struct Broken: Hashable, Sendable {
    /// The whole text, for handing on.
    package var text: String
    /// `fence`: no kernel fence, no namespaces.
    package var isFence: Bool
    /// `omit:NAME`: mechanisms that are left out, and of which nothing is promised.
    package var omitted: Set<String>
    /// `lose:NAME`: mechanisms that a task is left without though they were promised: what a canary must find.
    package var lost: Set<String>
    /// `die-at:N`: the agent kills itself before this step of the executor, counted from 1 since its start.
    package var dieAt: Int?

    package static let nothing = Broken("")

    package init(_ text: String) {
        self.text = text
        let words = text.split(separator: ",").map(String.init)
        isFence = words.contains("fence")
        omitted = Set(words.filter { $0.hasPrefix("omit:") }.map { String($0.dropFirst(5)) })
        lost = Set(words.filter { $0.hasPrefix("lose:") }.map { String($0.dropFirst(5)) })
        dieAt = words.last { $0.hasPrefix("die-at:") }.flatMap { Int($0.dropFirst(7)) }
    }

    package func omits(_ name: String) -> Bool { omitted.contains(name) || lost.contains(name) }
}
