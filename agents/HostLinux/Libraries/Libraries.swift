import TidemillDevices

/// All libraries that can be asked, by name: those of vendors first.
package enum Libraries {
    package static let all: [any VendorLibrary.Type] = [
        BRML.self,
        CNDev.self,
        DCMI.self,
        EFML.self,
        HLML.self,
        HygonRSMI.self,
        IXML.self,
        LevelZero.self,
        MTML.self,
        MXSML.self,
        NVML.self,
        ROCmSMI.self,
        XPUML.self,
    ]

    /// Programming interfaces, which any device may offer: they tell nothing of its health.
    package static let runtimes: [any VendorLibrary.Type] = [OpenCL.self]

    package static func named(_ name: String) -> (any VendorLibrary.Type)? {
        (all + runtimes).first { $0.name == name }
    }
}
