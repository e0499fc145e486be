import TidemillDevices

/// All libraries that can be asked, by name.
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

    package static func named(_ name: String) -> (any VendorLibrary.Type)? { all.first { $0.name == name } }
}
