import Foundation
import Testing
import TidemillDevices
import TidemillHostLinux
import TidemillMachines

/// Figures that a library tells as counters, which are known from the second reading on.
extension LibraryTests {
    @Test func `power and utilisation of Level Zero are the growth since the reading before`() throws {
        try Folder.temporary { folder in
            let file = folder.appendingPathComponent("liblevel-zero-counters.so")
            try Stub(library: LevelZero.name).build(at: file)
            let library = try LevelZero(LibraryHandle([file.path]))
            #expect(try library.read().devices.map(\.usage.watts) == [nil, nil])
            for _ in 0..<2 {
                let usage = try library.read().devices.map(\.usage)
                #expect(usage.map(\.watts) == [450, 120])
                // 80 % of one tile and 40 % of the other.
                #expect(usage.map(\.compute).map { ($0 ?? -1).rounded(to: 6) } == [0.6, 0])
            }
        }
    }
}

extension Double {
    fileprivate func rounded(to digits: Int) -> Double {
        let scale = pow(10, Double(digits))
        return (self * scale).rounded() / scale
    }
}
