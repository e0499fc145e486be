import Testing
import TidemillDevices
import TidemillHostLinux

/// Vendors' real libraries, as Debian packages them, on a machine without any of their cards.
extension LibraryTests {
    @Test(.enabled("librocm-smi64-1 is installed, and there is no AMD card") { LibraryTests.canTry(ROCmSMI.self) })
    func `AMD's own library tells of no cards, or why it cannot`() throws {
        try Self.expectNothing(ROCmSMI.self)
    }

    @Test(.enabled("libze1 is installed, and there is no Intel card") { LibraryTests.canTry(LevelZero.self) })
    func `Intel's own library tells of no cards, or why it cannot`() throws {
        try Self.expectNothing(LevelZero.self)
    }

    fileprivate static func canTry(_ type: any VendorLibrary.Type) -> Bool {
        // Where PCI cannot be listed there may be a card.
        guard let functions = try? PCIScan().functions() else { return false }
        let hasCard = functions.contains { Vendor.of($0)?.library == type.name }
        // What cannot be opened is not installed.
        return !hasCard && (try? LibraryHandle(type.files)) != nil
    }

    private static func expectNothing(_ type: any VendorLibrary.Type) throws {
        do throws(LibraryFailure) {
            let report = try type.init(LibraryHandle(type.files)).read().checked()
            #expect(report.devices.isEmpty)
        } catch {
            #expect(error.reason == "LibraryError", "\(error)")
            #expect(error.message.contains("answered"), "\(error)")
        }
    }
}
