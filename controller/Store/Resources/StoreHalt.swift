/// Set for good once the store has turned out to be an older copy: nothing more is concluded from it, and nothing accepted
/// into it, since what it accepted would be lost when the newest copy comes back (invariant 2).
package actor StoreHalt {
    /// Why, and the way out; nil as long as the store is believed.
    package private(set) var message: String?

    package init() {}

    /// Stops; the first message stands.
    package func stop(_ message: String) {
        if self.message == nil { self.message = message }
    }
}
