import Foundation
import Testing
import TidemillDevices
import TidemillHostLinux
import TidemillMachines
import TidemillWire

/// Every vendor's library through the real dlopen, against a stub, within this process: what ends a process is tried by
/// `make test-devices`. Reports are compared with `Goldens`; with TIDEMILL_WRITE_GOLDENS set, they are written down anew.
@Suite(.serialized) struct LibraryTests {
    private static let scenarios = ["normal", "error", "garbage", "sick", "noinit"]
    private static let goldens = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Goldens")

    @Test(arguments: Libraries.all.map { $0.name })
    func `a library is read as its header says`(_ name: String) throws {
        let type = try #require(Libraries.named(name))
        try Folder.temporary { folder in
            for scenario in Self.scenarios {
                // Of one file there is one copy in a process, which has read its scenario.
                let file = folder.appendingPathComponent("lib\(name)-\(scenario).so")
                try Stub(library: name).build(at: file)
                try Data(scenario.utf8).write(to: URL(fileURLWithPath: file.path + ".scenario"))
                let text = Self.read(type, file.path)
                let golden = Self.goldens.appendingPathComponent("library-\(name)-\(scenario).json")
                if ProcessInfo.processInfo.environment["TIDEMILL_WRITE_GOLDENS"] != nil {
                    try Data(text.utf8).write(to: golden)
                }
                #expect(try String(contentsOf: golden, encoding: .utf8) == text, "\(name), \(scenario)")
            }
        }
    }

    private static func read(_ type: any VendorLibrary.Type, _ file: String) -> String {
        let answer: Result<LibraryReport, LibraryFailure>
        do throws(LibraryFailure) {
            answer = .success(try type.init(LibraryHandle([file])).read())
        } catch {
            answer = .failure(error)
        }
        let checked = answer.map { report in
            var report = report.checked()
            report.file = nil
            return report
        }
        let json = LibraryAnswer(checked).json
        // What crosses the pipe is what was read.
        #expect((try? LibraryAnswer(json: JSON.parse(json.bytes)).result) == checked)
        return json.prettyText
    }

    @Test func `a library that is not there says what was tried`() {
        let failure = #expect(throws: LibraryFailure.self) { try LibraryHandle(["libtidemill-none.so.7"]) }
        #expect(failure?.reason == "LibraryNotFound")
        #expect(failure?.message.contains("libtidemill-none.so.7") == true)
    }
}
