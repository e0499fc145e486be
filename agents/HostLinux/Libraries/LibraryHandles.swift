import TidemillDevices

// What the libraries that are made like NVML have in common: handles of devices by index, and functions of the form
// `code f(handle, what to ask, where the answer goes)`. Zero is success.

/// A device as such a library hands it out: a pointer, or a struct of one.
package typealias LibraryDeviceHandle = OpaquePointer?

/// The devices that a library hands out.
package struct LibraryHandles {
    private typealias GetCount = @convention(c) (UnsafeMutablePointer<UInt32>) -> Int32
    private typealias GetHandle = @convention(c) (UInt32, UnsafeMutablePointer<LibraryDeviceHandle>) -> Int32

    package private(set) var devices: [(index: Int, handle: LibraryDeviceHandle)] = []
    package private(set) var problems: [String] = []

    /// Asks `f(unsigned *)` for the count, and `f(unsigned index, handle *)` for each device.
    package init(
        _ library: LibraryHandle, name: String, style: LibraryCalls.Style, count countSymbol: String,
        byIndex handleSymbol: String
    ) throws(LibraryFailure) {
        let getCount = try library.require(countSymbol, as: GetCount.self)
        _ = try library.require(handleSymbol, as: GetHandle.self)
        var count: UInt32 = 0
        let code = Int64(getCount(&count))
        if code != style.success { throw .refused(countSymbol, code, style.text(code)) }
        if count > LibraryReport.mostDevices {
            problems.append("\(name) counts \(count) devices; \(LibraryReport.mostDevices) are looked at")
        }
        var calls = LibraryCalls(library, subject: "a device", style: style)
        for index in 0..<min(count, UInt32(LibraryReport.mostDevices)) {
            var found: LibraryDeviceHandle = nil
            if calls.call(handleSymbol, as: GetHandle.self, { $0(index, &found) }) {
                devices.append((Int(index), found))
            }
        }
        problems += calls.problems
    }
}

extension LibraryHandle {
    /// `f(char *, unsigned length)` about the library or its driver; nil when it is refused or not there.
    package func systemText(_ symbol: String, count: Int) -> String? {
        typealias GetText = @convention(c) (UnsafeMutableRawPointer, UInt32) -> Int32
        let buffer = LibraryBuffer(count)
        guard let function = find(symbol, as: GetText.self), function(buffer.pointer, UInt32(count)) == 0 else {
            return nil
        }
        return buffer.text(count: count)
    }
}

extension LibraryBuffer {
    /// `unsigned domain, bus, device` from an offset on, and `function` after them; nil when the numbers are no address.
    package func address(at offset: Int, hasFunction: Bool) -> PCIAddress? {
        let (bus, device): (UInt32, UInt32) = (number(at: offset + 4), number(at: offset + 8))
        let function: UInt32 = hasFunction ? number(at: offset + 12) : 0
        guard bus <= 255, device <= 31, function <= 7 else { return nil }
        return PCIAddress(
            domain: number(at: offset), bus: UInt8(bus), device: UInt8(device), function: UInt8(function))
    }
}

extension LibraryCalls {
    private typealias GetNumber = @convention(c) (LibraryDeviceHandle, UnsafeMutablePointer<UInt32>) -> Int32
    private typealias GetNumberOfKind =
        @convention(c) (LibraryDeviceHandle, Int32, UnsafeMutablePointer<UInt32>) -> Int32
    private typealias GetText = @convention(c) (LibraryDeviceHandle, UnsafeMutableRawPointer, UInt32) -> Int32
    private typealias GetBuffer = @convention(c) (LibraryDeviceHandle, UnsafeMutableRawPointer) -> Int32

    /// `f(device, unsigned *)`
    package mutating func number(_ symbol: String, _ device: LibraryDeviceHandle) -> UInt32? {
        var number: UInt32 = 0
        return call(symbol, as: GetNumber.self) { $0(device, &number) } ? number : nil
    }

    /// `f(device, enum, unsigned *)`
    package mutating func number(_ symbol: String, _ device: LibraryDeviceHandle, kind: Int32) -> UInt32? {
        var number: UInt32 = 0
        return call(symbol, as: GetNumberOfKind.self) { $0(device, kind, &number) } ? number : nil
    }

    /// `f(device, char *, unsigned length)`
    package mutating func text(_ symbol: String, _ device: LibraryDeviceHandle, count: Int) -> String? {
        let buffer = LibraryBuffer(count)
        let pointer = buffer.pointer
        return call(symbol, as: GetText.self) { $0(device, pointer, UInt32(count)) } ? buffer.text(count: count) : nil
    }

    /// `f(device, struct *)`. True when the struct was filled.
    package mutating func fill(
        _ buffer: borrowing LibraryBuffer, _ symbol: String, _ device: LibraryDeviceHandle
    ) -> Bool {
        let pointer = buffer.pointer
        return call(symbol, as: GetBuffer.self) { $0(device, pointer) }
    }
}
