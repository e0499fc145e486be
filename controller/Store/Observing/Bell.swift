/// Wakes one loop. Rings while it is busy are remembered as one.
package struct Bell: Sendable {
    package let rings: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    package init() {
        (rings, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    package func ring() {
        continuation.yield()
    }
}
