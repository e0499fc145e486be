import TidemillHostLinux
import TidemillNodeCore

/// What one slice has used, and how much it waits.
package struct SliceUsage: Sendable {
    package var namespace: String
    package var name: String
    /// Nil where it is not accounted.
    package var cpuNanoseconds: Int64?
    package var memoryBytes: Int64?
    package var pressure: [Pressure.Resource: Pressure]

    package init(
        slice: HeldSlice, cpuNanoseconds: Int64?, memoryBytes: Int64?, pressure: [Pressure.Resource: Pressure]
    ) {
        namespace = slice.namespace
        name = slice.name
        self.cpuNanoseconds = cpuNanoseconds
        self.memoryBytes = memoryBytes
        self.pressure = pressure
    }

    var labels: [(String, String)] { [("namespace", namespace), ("slice", name)] }
}
