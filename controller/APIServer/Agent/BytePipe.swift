import NIOCore

/// Carries bytes from one request to the answer of another, at the pace of who reads them.
///
/// Bounded: the sender waits while `capacity` bytes are under way. Either side may leave; the other one then learns it with
/// its next step.
actor BytePipe {
    private let capacity: Int
    private var chunks: [ByteBuffer] = []
    private var bytes = 0
    private var isFinished = false
    private var isAbandoned = false
    private var reader: CheckedContinuation<ByteBuffer?, Never>?
    private var sender: CheckedContinuation<Bool, Never>?

    init(capacity: Int = 256 << 10) {
        self.capacity = capacity
    }

    /// Hands on a chunk, and waits while too much is under way. False when nobody reads any more. One sender at a time.
    func send(_ chunk: ByteBuffer) async -> Bool {
        guard !isAbandoned, !isFinished else { return false }
        if let waiting = reader {
            reader = nil
            waiting.resume(returning: chunk)
            return true
        }
        chunks.append(chunk)
        bytes += chunk.readableBytes
        if bytes < capacity { return true }
        return await withCheckedContinuation { sender = $0 }
    }

    /// The next chunk; nil at the end, or once the pipe is abandoned. One reader at a time.
    func next() async -> ByteBuffer? {
        if isAbandoned { return nil }
        if !chunks.isEmpty {
            let chunk = chunks.removeFirst()
            bytes -= chunk.readableBytes
            if bytes < capacity { release(true) }
            return chunk
        }
        if isFinished { return nil }
        return await withCheckedContinuation { reader = $0 }
    }

    /// Nothing more will be sent; what is under way still arrives.
    func finish() {
        isFinished = true
        guard let waiting = reader else { return }
        reader = nil
        waiting.resume(returning: nil)
    }

    /// Nobody will read any more; ends both sides at once.
    func abandon() {
        isAbandoned = true
        chunks = []
        bytes = 0
        finish()
        release(false)
    }

    private func release(_ goesOn: Bool) {
        guard let waiting = sender else { return }
        sender = nil
        waiting.resume(returning: goesOn)
    }
}
