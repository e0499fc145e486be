/// A piece of what travels through a `BytePipe`.
package protocol ByteChunk: Sendable {
    /// What it keeps in memory: at least its own bytes, and more when it is a part of something larger.
    var heldBytes: Int { get }
}

extension [UInt8]: ByteChunk {
    package var heldBytes: Int { count }
}

/// Carries chunks of bytes from those who have some to the one who wants them, at the pace of the latter: from one request
/// to the answer of another, or into a request's body.
///
/// Bounded: a sender waits while chunks that hold `capacity` bytes, or `mostChunks` of them, are under way. Either side may
/// leave; the other one then learns it with its next step. Who makes one also calls `abandon` when its reader is over, so
/// that no sender waits for ever.
package actor BytePipe<Chunk: ByteChunk>: AsyncSequence {
    package typealias Element = Chunk
    package typealias Failure = Never

    /// Small chunks cost more than their bytes.
    private static var mostChunks: Int { 1024 }

    private let capacity: Int
    private var chunks: [Chunk] = []
    private var bytes = 0
    private var isFinished = false
    private var isAbandoned = false
    private var reader: CheckedContinuation<Chunk?, Never>?
    private var senders: [CheckedContinuation<Bool, Never>] = []

    package init(capacity: Int = 256 << 10) {
        self.capacity = capacity
    }

    /// Whether the next sender waits.
    package var isFull: Bool { bytes >= capacity || chunks.count >= Self.mostChunks }

    /// Hands on a chunk, and waits while too much is under way. False when nobody reads any more.
    @discardableResult
    package func send(_ chunk: Chunk) async -> Bool {
        guard !isAbandoned, !isFinished else { return false }
        if let waiting = reader {
            reader = nil
            waiting.resume(returning: chunk)
            return true
        }
        chunks.append(chunk)
        bytes += chunk.heldBytes
        if !isFull { return true }
        return await withCheckedContinuation { senders.append($0) }
    }

    /// The next chunk; nil at the end, or once the pipe is abandoned. One reader at a time.
    package func next() async -> Chunk? {
        if isAbandoned { return nil }
        if !chunks.isEmpty {
            let chunk = chunks.removeFirst()
            bytes -= chunk.heldBytes
            if !isFull { release(true) }
            return chunk
        }
        if isFinished { return nil }
        return await withCheckedContinuation { reader = $0 }
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

    private func release(_ goesOn: Bool) {
        let waiting = senders
        senders = []
        for sender in waiting { sender.resume(returning: goesOn) }
    }

    package struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let pipe: BytePipe

        package mutating func next() async -> Chunk? { await pipe.next() }
    }

    package nonisolated func makeAsyncIterator() -> AsyncIterator { AsyncIterator(pipe: self) }
}
