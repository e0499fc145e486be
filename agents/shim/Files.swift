import CHost
import Glibc

/// The bytes of a file, of at most `limit`; nil when it cannot be read.
func readFile(_ path: String, limit: Int) -> [UInt8]? {
    var count = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, initialized in
        count = tm_read_file(path, buffer.baseAddress, limit)
        initialized = max(0, count)
    }
    return count < 0 ? nil : bytes
}

/// Writes `text` to an existing file; 0 or a negative errno.
@discardableResult
func writeFile(_ path: String, _ text: String) -> Int32 {
    var text = text
    return text.withUTF8 { tm_write_file(path, $0.baseAddress, $0.count) }
}

/// Our own preference of the out-of-memory killer.
func ownOOMScoreAdjust() -> Int32 {
    let bytes = readFile("/proc/self/oom_score_adj", limit: 16) ?? []
    return Int32(String(decoding: bytes.prefix { $0 != 10 }, as: UTF8.self)) ?? 0
}

/// The text of an errno.
func describe(_ number: Int32) -> String {
    String(cString: strerror(number < 0 ? -number : number))
}

/// One line on standard error, which the agent gave a file.
func complain(_ sentence: String) {
    var line = "tidemill-shim: \(sentence)\n"
    line.withUTF8 { _ = write(2, $0.baseAddress, $0.count) }
}

/// A NULL-terminated vector of C strings that lives as long as the value.
struct CStrings: ~Copyable {
    let pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    private let count: Int

    init(_ strings: [String]) {
        count = strings.count
        pointers = .allocate(capacity: count + 1)
        for (index, string) in strings.enumerated() { pointers[index] = strdup(string) }
        pointers[count] = nil
    }

    deinit {
        for index in 0..<count { free(pointers[index]) }
        pointers.deallocate()
    }
}
