import Testing

@testable import TidemillClient

@Suite struct BytePipeTests {
    @Test func `what is sent arrives in order, up to the end`() async {
        let pipe = BytePipe()
        await pipe.send([1])
        await pipe.send([2, 3])
        await pipe.finish()
        #expect(await pipe.send([4]) == false)
        var bytes: [UInt8] = []
        for await chunk in pipe { bytes += chunk }
        #expect(bytes == [1, 2, 3])
    }

    @Test func `a sender waits for its reader, and goes on when that reads`() async {
        let pipe = BytePipe(capacity: 2)
        await withTaskGroup(of: Void.self) { group in
            for byte in 0..<100 { group.addTask { #expect(await pipe.send([UInt8(byte), 0])) } }
            var iterator = pipe.makeAsyncIterator()
            var seen: Set<UInt8> = []
            while seen.count < 100, let chunk = await iterator.next() { seen.insert(chunk[0]) }
            #expect(seen.count == 100)
        }
    }

    @Test func `senders that wait are let go when nobody will read`() async {
        let pipe = BytePipe(capacity: 1)
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
}
