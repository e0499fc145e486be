import Testing
import TidemillPlacement
import TidemillSeams

@Suite struct RoomTests {
    private static let kind = NodeKind(milliCPU: 96_000, memoryMiB: 393_216, devices: 8, deviceClass: 0)

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func `what is placed and ends again leaves the room as it was`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var room = Room(0, of: Self.kind)
        for _ in 0..<200 {
            let shape = RandomShapes.next(&random)
            guard room.fits(shape) else { continue }
            let slot = shape.devices == 0 ? 0 : (0..<room.devices).first { room[$0] >= shape.deviceMilli } ?? 0
            let frees = room[slot]
            let after = room.after(shape, at: slot)
            #expect(after.freeMilli == room.freeMilli - shape.size, "seed \(seed)")
            #expect((1..<after.devices).allSatisfy { after[$0 - 1] <= after[$0] }, "seed \(seed): not in order")
            if shape.devices < 2 {
                var back = after
                back.give(milliCPU: Int64(shape.milliCPU), memoryMiB: Int64(shape.memoryMiB))
                if shape.devices > 0 { back.change(UInt16(frees - shape.deviceMilli), to: UInt16(frees)) }
                #expect(back == room, "seed \(seed)")
            }
            if Bool.random(using: &random) { room = after }
        }
    }

    @Test func `of more devices than policies see the freest count`() {
        let room = Room(kind: 0, milliCPU: 1, memoryMiB: 1, free: Array(repeating: 0, count: 20) + [700, 1000])
        #expect(room.devices == Room.mostDevices)
        #expect((room[14], room[15]) == (700, 1000))
    }
}

/// Shapes as clusters see them: parts of a device, whole ones, several, and none.
enum RandomShapes {
    static func next(_ random: inout some RandomNumberGenerator, classes: Int = 1) -> Shape {
        let devices = [0, 1, 1, 1, 1, 2, 4, 8].randomElement(using: &random) ?? 1
        let milli =
            devices > 1 ? 1000 : [110, 190, 320, 470, 650, 810, 1000, 1000].randomElement(using: &random) ?? 1000
        let cpu = [1000, 3152, 8000, 11_908, 12_500].randomElement(using: &random) ?? 1000
        let wanted: UInt64 =
            Int.random(in: 0..<4, using: &random) == 0
            ? 1 << UInt64.random(in: 0..<UInt64(classes), using: &random) : .max
        return Shape(
            milliCPU: Int32(cpu), memoryMiB: Int32.random(in: 1...16, using: &random) * 1024, devices: Int32(devices),
            deviceMilli: Int32(milli), classes: wanted)
    }
}
