import Testing
import TidemillWire

@Suite struct BytePipeTests {
    /// A byte of something larger.
    private struct Slice: ByteChunk {
        var heldBytes: Int
    }

    @Test func `what is sent arrives in order, up to the end`() async {
        let pipe = BytePipe<[UInt8]>()
        await pipe.send([1])
        await pipe.send([2, 3])
        await pipe.finish()
        #expect(await pipe.send([4]) == false)
        var bytes: [UInt8] = []
        for await chunk in pipe { bytes += chunk }
        #expect(bytes == [1, 2, 3])
    }

    @Test func `a sender waits for its reader, and goes on when that reads`() async {
        let pipe = BytePipe<[UInt8]>(capacity: 2)
        await withTaskGroup(of: Void.self) { group in
            for byte in 0..<100 { group.addTask { #expect(await pipe.send([UInt8(byte), 0])) } }
            var iterator = pipe.makeAsyncIterator()
            var seen: Set<UInt8> = []
            while seen.count < 100, let chunk = await iterator.next() { seen.insert(chunk[0]) }
            #expect(seen.count == 100)
        }
    }

    @Test func `senders that wait are let go when nobody will read`() async {
        let pipe = BytePipe<[UInt8]>(capacity: 1)
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<3 { group.addTask { await pipe.send([1]) } }
            group.addTask {
                await pipe.abandon()
                return false
            }
            // All return: whether a sender was before or after does not matter.
            for await went in group { #expect(!went) }
        }
        var iterator = pipe.makeAsyncIterator()
        #expect(await iterator.next() == nil)
    }

    /// How many of such chunks are under way, of 2000, when the sender has to wait for a reader; none comes.
    private func underWay(_ chunk: Slice, capacity: Int) async -> Int {
        let pipe = BytePipe<Slice>(capacity: capacity)
        return await withTaskGroup(of: Int.self) { group in
            group.addTask {
                for count in 1...2000 where await !pipe.send(chunk) { return count }
                return 2000
            }
            group.addTask {
                while !Task.isCancelled, await !pipe.isFull { await Task.yield() }
                await pipe.abandon()
                return 0
            }
            var most = 0
            for await count in group {
                most = max(most, count)
                if count > 0 { group.cancelAll() }
            }
            return most
        }
    }

    @Test func `a chunk counts with what it keeps in memory`() async {
        #expect(await underWay(Slice(heldBytes: 100), capacity: 1000) == 10)
    }

    @Test func `many chunks are too many, however small`() async {
        #expect(await underWay(Slice(heldBytes: 0), capacity: 1000) == 1024)
    }
}
