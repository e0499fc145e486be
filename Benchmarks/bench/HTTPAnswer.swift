import NIOCore

/// One whole HTTP/1.1 answer with a Content-Length, read with as little work as possible.
struct HTTPAnswer {
    var code: Int
    var body: ByteBuffer

    var isSuccess: Bool { code / 100 == 2 }

    /// Takes one whole answer off the front of what was received: nil while it is incomplete.
    static func take(from received: inout ByteBuffer) -> HTTPAnswer? {
        let found = received.withUnsafeReadableBytes { bytes -> (head: Int, length: Int, code: Int)? in
            guard let head = endOfHead(bytes), let length = contentLength(bytes[..<head]) else { return nil }
            guard bytes.count >= head + length else { return nil }
            // `HTTP/1.1 200`
            return (head, length, bytes[9..<12].reduce(0) { $0 * 10 + Int($1) - 48 })
        }
        guard let found else { return nil }
        received.moveReaderIndex(forwardBy: found.head)
        guard let body = received.readSlice(length: found.length) else { return nil }
        received.discardReadBytes()
        return HTTPAnswer(code: found.code, body: body)
    }
}

/// The offset behind the empty line that ends an HTTP/1.1 head.
private func endOfHead(_ bytes: UnsafeRawBufferPointer) -> Int? {
    var index = 3
    while index < bytes.count {
        if bytes[index] == 10, bytes[index - 1] == 13, bytes[index - 2] == 10, bytes[index - 3] == 13 {
            return index + 1
        }
        index += 1
    }
    return nil
}

/// The value of the Content-Length header in any case; nil when there is none.
private func contentLength(_ head: Slice<UnsafeRawBufferPointer>) -> Int? {
    let name = Array("\ncontent-length:".utf8)
    var index = head.startIndex
    while index + name.count < head.endIndex {
        var matched = 0
        while matched < name.count,
            head[index + matched] | (matched == 0 ? 0 : 0x20) == name[matched] | (matched == 0 ? 0 : 0x20)
        {
            matched += 1
        }
        if matched == name.count {
            var value = 0
            var digit = index + matched
            while digit < head.endIndex, head[digit] != 13 {
                if head[digit] >= 48, head[digit] <= 57 { value = value * 10 + Int(head[digit] - 48) }
                digit += 1
            }
            return value
        }
        index += 1
    }
    return nil
}
