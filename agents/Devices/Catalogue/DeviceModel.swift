/// What is publicly known of a model of accelerator. A figure without a public source is absent.
package struct DeviceModel: Hashable, Sendable {
    package var vendor: String
    /// As the vendor writes it, without the vendor's own name.
    package var name: String
    package var memoryBytes: Int64?
    package var memoryType: String?
    /// Of the memory.
    package var bytesPerSecond: Double?
    package var rates = DeviceRates()
    /// What the card may draw.
    package var watts: Double?
    /// Ways in which silicon or driver can divide it, such as `mig`.
    package var cuts: [String] = []
    /// Where the figures were read.
    package var source: String

    package init(vendor: String, name: String, source: String) {
        self.vendor = vendor
        self.name = name
        self.source = source
    }
}

/// Dense peak rates: floating-point operations a second, and for INT8 operations a second.
package struct DeviceRates: Hashable, Sendable {
    package var fp64: Double?
    package var fp32: Double?
    package var fp16: Double?
    package var int8: Double?

    package init(fp64: Double? = nil, fp32: Double? = nil, fp16: Double? = nil, int8: Double? = nil) {
        self.fp64 = fp64
        self.fp32 = fp32
        self.fp16 = fp16
        self.int8 = int8
    }

    package var isEmpty: Bool { self == DeviceRates() }
}
