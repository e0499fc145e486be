import Glibc
import TidemillDevices

/// A library that was opened with dlopen. It is never closed: some keep threads that run its code.
package final class LibraryHandle {
    /// The name by which it was found.
    package let file: String
    private let handle: UnsafeMutableRawPointer

    /// Opens the first of `files` that can be opened; names without a slash are looked for as the loader does.
    package init(_ files: [String]) throws(LibraryFailure) {
        var detail = "no name to try"
        for file in files {
            if let handle = dlopen(file, RTLD_NOW | RTLD_LOCAL) {
                (self.file, self.handle) = (file, handle)
                return
            }
            detail = dlerror().map { String(cString: $0) } ?? "the loader does not say why"
        }
        throw .notFound(files, detail)
    }

    /// A function; nil when this version of the library has none of that name. `type` is its C type.
    package func find<F>(_ symbol: String, as type: F.Type = F.self) -> F? {
        dlsym(handle, symbol).map { unsafeBitCast($0, to: F.self) }
    }

    package func require<F>(_ symbol: String, as type: F.Type = F.self) throws(LibraryFailure) -> F {
        guard let function = find(symbol, as: type) else { throw .lacks(symbol, file) }
        return function
    }
}

/// A vendor's library for telemetry and health. Lives in a process of its own that may crash or hang (`LibraryServer`), so
/// that calls need no care beyond their arguments.
package protocol VendorLibrary: SendableMetatype {
    /// As in `Vendor.library`.
    static var name: String { get }
    /// Names to open, in this order.
    static var files: [String] { get }
    /// Variables that must be set before it is opened.
    static var environment: [String: String] { get }
    /// Prepares the library.
    init(_ handle: LibraryHandle) throws(LibraryFailure)
    /// All devices as they are now. What a device or a version does not offer is absent.
    func read() throws(LibraryFailure) -> LibraryReport
}

extension VendorLibrary {
    package static var environment: [String: String] { [:] }
}

/// Space for a struct of C, larger than the struct: newer versions of a library may write more than the one that was read.
package struct LibraryBuffer: ~Copyable {
    package let bytes: UnsafeMutableRawBufferPointer
    package let pointer: UnsafeMutableRawPointer

    /// Zeros.
    package init(_ count: Int) {
        let capacity = max(64, count * 4)
        pointer = .allocate(byteCount: capacity, alignment: 16)
        bytes = UnsafeMutableRawBufferPointer(start: pointer, count: capacity)
        bytes.initializeMemory(as: UInt8.self, repeating: 0)
    }

    deinit {
        pointer.deallocate()
    }

    /// A number at an offset, in the machine's byte order.
    package func number<T: FixedWidthInteger>(at offset: Int, as type: T.Type = T.self) -> T {
        bytes.loadUnaligned(fromByteOffset: offset, as: T.self)
    }

    package func double(at offset: Int) -> Double { bytes.loadUnaligned(fromByteOffset: offset, as: Double.self) }

    package func set<T: FixedWidthInteger>(_ number: T, at offset: Int) {
        bytes.storeBytes(of: number, toByteOffset: offset, as: T.self)
    }

    /// A text of at most `count` bytes, to its first zero.
    package func text(at offset: Int = 0, count: Int) -> String? {
        let text = bytes[offset..<offset + count].prefix { $0 != 0 }
        return text.isEmpty ? nil : String(decoding: text, as: UTF8.self)
    }
}

/// Calls about one device: what is not offered and what went wrong is kept beside what was answered.
package struct LibraryCalls {
    private let handle: LibraryHandle
    private let subject: String
    private let style: Style

    /// How a library answers.
    package struct Style {
        package var success: Int64 = 0
        /// Codes that mean that the device, or its driver, does not offer it.
        package var unsupported: Set<Int64>
        package var text: (Int64) -> String?

        package init(success: Int64 = 0, unsupported: Set<Int64>, text: @escaping (Int64) -> String? = { _ in nil }) {
            self.success = success
            self.unsupported = unsupported
            self.text = text
        }
    }

    package private(set) var unsupported: [String] = []
    /// Codes that calls answered with, apart from success and what is not offered: the first call, and how many.
    private var refused: [Int64: (symbol: String, count: Int)] = [:]
    /// How many calls were answered with success.
    package private(set) var answered = 0

    /// - Parameter subject: what the calls are about, for problems.
    package init(_ handle: LibraryHandle, subject: String, style: Style) {
        self.handle = handle
        self.subject = subject
        self.style = style
    }

    package var codes: Set<Int64> { Set(refused.keys) }

    /// A sentence for each code.
    package var problems: [String] {
        refused.sorted { $0.key < $1.key }.map { code, calls in
            let words = style.text(code).map { " (\($0))" } ?? ""
            let more = calls.count == 1 ? "" : ", as did \(calls.count - 1) more"
            return "\(calls.symbol) of \(subject) answered \(code)\(words)\(more)"
        }
    }

    /// Calls a function of the C type `F`. True when it answered with success.
    package mutating func call<F>(_ symbol: String, as type: F.Type, _ body: (F) -> some BinaryInteger) -> Bool {
        guard let function = handle.find(symbol, as: type) else {
            unsupported.append(symbol)
            return false
        }
        let code = Int64(truncatingIfNeeded: body(function))
        if code == style.success {
            answered += 1
            return true
        }
        if style.unsupported.contains(code) {
            unsupported.append(symbol)
        } else {
            refused[code] = (refused[code]?.symbol ?? symbol, (refused[code]?.count ?? 0) + 1)
        }
        return false
    }
}
