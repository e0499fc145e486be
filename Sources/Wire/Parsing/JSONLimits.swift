/// What the parser refuses, so that a stranger's document costs a bounded amount of stack, memory and time.
package struct JSONLimits: Hashable, Sendable {
    /// Levels of arrays and objects.
    package var depth: Int
    /// Bytes of the whole document.
    package var bytes: Int
    /// Bytes of one number's text.
    package var numberLength: Int

    package init(depth: Int = 100, bytes: Int = 3 << 20, numberLength: Int = 64) {
        self.depth = depth
        self.bytes = bytes
        self.numberLength = numberLength
    }
}
