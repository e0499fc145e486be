/// Carries chunks of bytes from those who have some to the one request whose body they are, at the pace of the request.
///
/// Bounded: a sender waits while `capacity` bytes are under way. Either side may leave; the other one then learns it with
/// its next step. Who makes one also calls `abandon` when its request is over, so that no sender waits for ever.
package actor BytePipe: AsyncSequence {
    package typealias Element = [UInt8]
    package typealias Failure = Never

    private let capacity: Int
    private var chunks: [[UInt8]] = []
    private var bytes = 0
    private var isFinished = false
    private var isAbandoned = false
    private var reader: CheckedContinuation<[UInt8]?, Never>?
    private var senders: [CheckedContinuation<Bool, Never>] = []

    package init(capacity: Int = 256 << 10) {
        self.capacity = capacity
    }

    /// Hands on a chunk, and waits while too much is under way. False when nobody reads any more.
    @discardableResult
    package func send(_ chunk: [UInt8]) async -> Bool {
        guard !isAbandoned, !isFinished else { return false }
        if let waiting = reader {
            reader = nil
            waiting.resume(returning: chunk)
            return true
        }
        chunks.append(chunk)
        bytes += chunk.count
        if bytes < capacity { return true }
        return await withCheckedContinuation { senders.append($0) }
    }

    /// Nothing more will be sent; what is under way still arrives.
    package func finish() {
        isFinished = true
        guard let waiting = reader else { return }
        reader = nil
        waiting.resume(returning: nil)
    }

    /// Nobody will read any more; ends both sides at once.
    package func abandon() {
        isAbandoned = true
        chunks = []
        bytes = 0
        finish()
        release(false)
    }

    /// The next chunk; nil at the end, or once the pipe is abandoned. One reader at a time.
    private func next() async -> [UInt8]? {
        if isAbandoned { return nil }
        if !chunks.isEmpty {
            let chunk = chunks.removeFirst()
            bytes -= chunk.count
            if bytes < capacity { release(true) }
            return chunk
        }
        if isFinished { return nil }
        return await withCheckedContinuation { reader = $0 }
    }

    private func release(_ goesOn: Bool) {
        let waiting = senders
        senders = []
        for sender in waiting { sender.resume(returning: goesOn) }
    }

    package struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let pipe: BytePipe

        package mutating func next() async -> [UInt8]? { await pipe.next() }
    }

    package nonisolated func makeAsyncIterator() -> AsyncIterator { AsyncIterator(pipe: self) }
}
