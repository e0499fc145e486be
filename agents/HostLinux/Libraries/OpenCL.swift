import Glibc
import TidemillDevices

/// OpenCL, for whatever offers it: which devices a platform has, and whether a kernel really runs on each. Functions and
/// numbers: cl.h and cl_ext.h of Khronos (KhronosGroup/OpenCL-Headers).
///
/// A kernel is built and run at the first reading; later ones tell what came of it.
package final class OpenCL: VendorLibrary {
    package static let name = "opencl"
    package static let files = ["libOpenCL.so.1"]

    typealias Handle = OpaquePointer?
    private typealias GetHandles =
        @convention(c) (UInt32, UnsafeMutablePointer<Handle>?, UnsafeMutablePointer<UInt32>?) -> Int32
    private typealias GetDevices =
        @convention(c) (Handle, UInt64, UInt32, UnsafeMutablePointer<Handle>?, UnsafeMutablePointer<UInt32>?) -> Int32
    private typealias GetInfo =
        @convention(c) (Handle, UInt32, Int, UnsafeMutableRawPointer?, UnsafeMutablePointer<Int>?) -> Int32

    private let handle: LibraryHandle
    private let getInfo: GetInfo
    private var known: LibraryReport?

    /// CL_DEVICE_NOT_FOUND, and of the loader: no platform is installed.
    private static let notFound: Set<Int32> = [-1, -1001]
    private static let mostHandles: UInt32 = 64

    package init(_ handle: LibraryHandle) throws(LibraryFailure) {
        self.handle = handle
        getInfo = try handle.require("clGetDeviceInfo", as: GetInfo.self)
    }

    package func read() throws(LibraryFailure) -> LibraryReport {
        if let known { return known }
        var report = LibraryReport(Self.name, file: handle.file)
        let getDevices = try handle.require("clGetDeviceIDs", as: GetDevices.self)
        for platform in try platforms() {
            // CL_DEVICE_TYPE_ALL.
            var (devices, count) = ([Handle](repeating: nil, count: Int(Self.mostHandles)), UInt32(0))
            let code = getDevices(platform, 0xFFFF_FFFF, Self.mostHandles, &devices, &count)
            guard code == 0 else {
                if !Self.notFound.contains(code) { report.problems.append("clGetDeviceIDs answered \(code)") }
                continue
            }
            for device in devices.prefix(Int(min(count, Self.mostHandles))) {
                report.devices.append(read(device, index: report.devices.count))
            }
        }
        known = report
        return report
    }

    private func platforms() throws(LibraryFailure) -> [Handle] {
        let get = try handle.require("clGetPlatformIDs", as: GetHandles.self)
        var (platforms, count) = ([Handle](repeating: nil, count: Int(Self.mostHandles)), UInt32(0))
        let code = get(Self.mostHandles, &platforms, &count)
        if Self.notFound.contains(code) { return [] }
        if code != 0 { throw .refused("clGetPlatformIDs", Int64(code), nil) }
        return Array(platforms.prefix(Int(min(count, Self.mostHandles))))
    }

    private func read(_ device: Handle, index: Int) -> LibraryDevice {
        var next = LibraryDevice(index: index, address: address(device))
        // CL_DEVICE_NAME, CL_DEVICE_VERSION, CL_DEVICE_TYPE of which bit 1 is a CPU, CL_DEVICE_GLOBAL_MEM_SIZE.
        next.name = text(device, 0x102B)
        var runtime = LibraryRuntime(Self.name, isOfCPU: (number(device, 0x1000) ?? 0) & 2 != 0)
        runtime.version = text(device, 0x102F)
        runtime.device = next.name
        next.memoryBytes = number(device, 0x101F).map { Int64(clamping: $0) }
        runtime.proved = OpenCLProof(handle).run(on: device)
        next.runtimes = [runtime]
        return next
    }

    /// CL_DEVICE_PCI_BUS_INFO_KHR: domain, bus, device, function, 4 bytes each.
    private func address(_ device: Handle) -> PCIAddress? {
        let info = LibraryBuffer(16)
        guard getInfo(device, 0x410F, 16, info.pointer, nil) == 0 else { return nil }
        let parts = (0..<4).map { info.number(at: $0 * 4, as: UInt32.self) }
        guard parts[1] <= 255, parts[2] <= 31, parts[3] <= 7 else { return nil }
        return PCIAddress(
            domain: parts[0], bus: UInt8(parts[1]), device: UInt8(parts[2]), function: UInt8(parts[3]))
    }

    private func text(_ device: Handle, _ parameter: UInt32) -> String? {
        let buffer = LibraryBuffer(256)
        return getInfo(device, parameter, 256, buffer.pointer, nil) == 0 ? buffer.text(count: 256) : nil
    }

    private func number(_ device: Handle, _ parameter: UInt32) -> UInt64? {
        var number: UInt64 = 0
        return getInfo(device, parameter, 8, &number, nil) == 0 ? number : nil
    }
}

/// Runs a small kernel and looks at what it computed.
private struct OpenCLProof {
    typealias Handle = OpenCL.Handle
    private typealias Made = UnsafeMutablePointer<Int32>
    private typealias Release = @convention(c) (Handle) -> Int32

    private let library: LibraryHandle
    private static let count = 1024
    private static let source = """
        kernel void prove(global const int *given, global int *found) {
            size_t place = get_global_id(0);
            found[place] = given[place] * 3 + 1;
        }
        """

    init(_ library: LibraryHandle) {
        self.library = library
    }

    /// What ran and what came of it, for people.
    func run(on device: OpenCL.Handle) -> String {
        do throws(LibraryFailure) {
            return try prove(device) ? "a kernel of \(Self.count) work items ran" : "a kernel ran and computed wrongly"
        } catch {
            return "no kernel ran: \(error)"
        }
    }

    private func release(_ symbol: String, _ object: Handle) {
        if let object, let function = library.find(symbol, as: Release.self) { _ = function(object) }
    }

    private func check(_ call: String, _ code: Int32) throws(LibraryFailure) {
        if code != 0 { throw .refused(call, Int64(code), nil) }
    }

    private func prove(_ device: Handle) throws(LibraryFailure) -> Bool {
        typealias CreateContext =
            @convention(c) (
                UnsafeRawPointer?, UInt32, UnsafePointer<Handle>, UnsafeRawPointer?, UnsafeRawPointer?, Made
            ) -> Handle
        typealias CreateQueue = @convention(c) (Handle, Handle, UInt64, Made) -> Handle
        var (code, devices): (Int32, [Handle]) = (0, [device])
        let context = try library.require("clCreateContext", as: CreateContext.self)(nil, 1, &devices, nil, nil, &code)
        defer { release("clReleaseContext", context) }
        try check("clCreateContext", code)
        let queue = try library.require("clCreateCommandQueue", as: CreateQueue.self)(context, device, 0, &code)
        defer { release("clReleaseCommandQueue", queue) }
        try check("clCreateCommandQueue", code)
        let (program, kernel) = try build(context, device)
        defer {
            release("clReleaseKernel", kernel)
            release("clReleaseProgram", program)
        }
        return try compute(context, queue, kernel)
    }

    private func build(_ context: Handle, _ device: Handle) throws(LibraryFailure) -> (program: Handle, kernel: Handle)
    {
        typealias CreateProgram =
            @convention(c) (Handle, UInt32, UnsafeMutablePointer<UnsafePointer<CChar>?>, UnsafeRawPointer?, Made) ->
            Handle
        typealias Build =
            @convention(c) (
                Handle, UInt32, UnsafePointer<Handle>, UnsafePointer<CChar>?, UnsafeRawPointer?, UnsafeRawPointer?
            ) -> Int32
        typealias CreateKernel = @convention(c) (Handle, UnsafePointer<CChar>, Made) -> Handle
        var (code, devices): (Int32, [Handle]) = (0, [device])
        let create = try library.require("clCreateProgramWithSource", as: CreateProgram.self)
        let program = Self.source.withCString { text in
            var texts: [UnsafePointer<CChar>?] = [text]
            return create(context, 1, &texts, nil, &code)
        }
        try check("clCreateProgramWithSource", code)
        try check(
            "clBuildProgram", try library.require("clBuildProgram", as: Build.self)(program, 1, &devices, nil, nil, nil)
        )
        let kernel = try library.require("clCreateKernel", as: CreateKernel.self)(program, "prove", &code)
        try check("clCreateKernel", code)
        return (program, kernel)
    }

    private func compute(_ context: Handle, _ queue: Handle, _ kernel: Handle) throws(LibraryFailure) -> Bool {
        typealias CreateBuffer = @convention(c) (Handle, UInt64, Int, UnsafeMutableRawPointer?, Made) -> Handle
        typealias SetArgument = @convention(c) (Handle, UInt32, Int, UnsafeRawPointer) -> Int32
        typealias Enqueue =
            @convention(c) (
                Handle, Handle, UInt32, UnsafeRawPointer?, UnsafePointer<Int>, UnsafeRawPointer?, UInt32,
                UnsafeRawPointer?,
                UnsafeRawPointer?
            ) -> Int32
        typealias Read =
            @convention(c) (
                Handle, Handle, UInt32, Int, Int, UnsafeMutableRawPointer, UInt32, UnsafeRawPointer?, UnsafeRawPointer?
            ) -> Int32
        var code: Int32 = 0
        let bytes = Self.count * MemoryLayout<Int32>.size
        var given = (0..<Int32(Self.count)).map { $0 }
        var found = [Int32](repeating: -1, count: Self.count)
        let create = try library.require("clCreateBuffer", as: CreateBuffer.self)
        // CL_MEM_READ_WRITE, and CL_MEM_COPY_HOST_PTR for what is given.
        var source = create(context, 1 | 32, bytes, &given, &code)
        defer { release("clReleaseMemObject", source) }
        try check("clCreateBuffer", code)
        var target = create(context, 1, bytes, nil, &code)
        defer { release("clReleaseMemObject", target) }
        try check("clCreateBuffer", code)
        let set = try library.require("clSetKernelArg", as: SetArgument.self)
        try check("clSetKernelArg", set(kernel, 0, MemoryLayout<Handle>.size, &source))
        try check("clSetKernelArg", set(kernel, 1, MemoryLayout<Handle>.size, &target))
        var size = Self.count
        let enqueue = try library.require("clEnqueueNDRangeKernel", as: Enqueue.self)
        try check("clEnqueueNDRangeKernel", enqueue(queue, kernel, 1, nil, &size, nil, 0, nil, nil))
        // Blocks until it is done.
        let read = try library.require("clEnqueueReadBuffer", as: Read.self)
        try check("clEnqueueReadBuffer", read(queue, target, 1, 0, bytes, &found, 0, nil, nil))
        return found.enumerated().allSatisfy { $1 == Int32($0) * 3 + 1 }
    }
}
