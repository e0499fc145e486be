import CHost
import Glibc

/// The mapped file through which one agent tells all its shims of acknowledged renewals.
///
/// What the bytes mean is `LeasePage`'s business (TidemillLease): hand its `encode` here, and tell `size` and
/// `sequenceOffset` from there. One writer; the caller serialises.
package struct LeasePageFile: ~Copyable, @unchecked Sendable {  // it owns its mapping alone
    private let page: UnsafeMutableRawPointer
    private let fileSize: Int
    private let sequenceOffset: Int

    /// Maps the file, making it (mode 0600) when it is not there. What an earlier agent of this boot published stays
    /// readable until the first `publish`.
    package init(path: String, fileSize: Int, sequenceOffset: Int) throws(HostError) {
        guard let mapped = tm_page_map(path, fileSize, 1) else { throw .failed("map", path: path, errno: errno) }
        page = mapped
        self.fileSize = fileSize
        self.sequenceOffset = sequenceOffset
    }

    /// Puts an image in place of the last; a reader sees one or the other.
    package mutating func publish(_ image: [UInt8]) {
        precondition(image.count <= fileSize, "the image is larger than the page")
        tm_page_publish(page, image, image.count, sequenceOffset)
    }

    /// What the page says now, `count` bytes of it.
    package func snapshot(count: Int) throws(HostError) -> [UInt8] {
        var result: Int32 = 0
        let image = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            buffer.initialize(repeating: 0)
            result = tm_page_snapshot(page, buffer.baseAddress, count, sequenceOffset)
            initialized = count
        }
        try HostError.check(result, "read", "the lease page")
        return image
    }

    deinit {
        tm_page_unmap(page, fileSize)
    }
}
