/// Best fit as the baseline of the published comparison computes it: int(100 · (1 − (½ · CPU left / most CPU of a node + ½ ·
/// devices left / most devices of a node))).
package struct BestFitPolicy: PackingPolicy {
    private let mostMilliCPU: Double
    private let mostDeviceMilli: Double

    package init(_ kinds: NodeKinds) {
        mostMilliCPU = Double(kinds.kinds.map(\.milliCPU).max() ?? 1)
        mostDeviceMilli = Double((kinds.kinds.map(\.devices).max() ?? 1) * Int(Shape.whole))
    }

    package func worth(_ room: Room) -> Double { 0 }

    package func score(before: Valued, after: Valued) -> UInt8 {
        let cpu = Double(after.room.milliCPU) / mostMilliCPU
        let devices = Double(after.freeMilli) / mostDeviceMilli
        return UInt8(max(0, 100 * (1 - 0.5 * (cpu + devices))))
    }
}
