import Dispatch
import NIOCore
import NIOPosix
import Synchronization
import Testing
import TidemillWire

@testable import TidemillClient

@Suite struct StreamedBodyTests {
    /// What has happened so far.
    private final class Story: Sendable {
        let isTaken = Mutex(false)
        let isAsked = Mutex(false)
        let loopGoesOn = DispatchSemaphore(value: 0)
    }

    @Test func `a chunk is not asked for before the loop has taken the one before`() async throws {
        let threads = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = threads.next()
        let pipe = BytePipe<[UInt8]>()
        for byte: UInt8 in 1...2 { await pipe.send([byte]) }
        let body = StreamedBody(base: pipe, loop: loop)
        let story = Story()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                var chunks = body.makeAsyncIterator()
                let first = try await chunks.next()
                #expect(first == ByteBuffer(bytes: [1]))
                // The work of sending it.
                loop.execute {
                    story.loopGoesOn.wait()
                    story.isTaken.withLock { $0 = true }
                }
                story.isAsked.withLock { $0 = true }
                let second = try await chunks.next()
                #expect(second == ByteBuffer(bytes: [2]))
                let wasTaken = story.isTaken.withLock { $0 }
                #expect(wasTaken)
            }
            group.addTask {
                while !(story.isAsked.withLock { $0 }) { await Task.yield() }
                // Time in which a second chunk would come that does not wait.
                for _ in 0..<1000 { await Task.yield() }
                story.loopGoesOn.signal()
            }
            try await group.waitForAll()
        }
        try await threads.shutdownGracefully()
    }
}
