import Testing
import TidemillDevices

@Suite struct PCITests {
    @Test(arguments: [
        ("0000:3b:00.0", "0000:3b:00.0"), ("00000000:3B:00.0", "0000:3b:00.0"), ("3b:00.1", "0000:3b:00.1"),
        ("10000:e1:1f.7", "10000:e1:1f.7"), ("0000:3b:00", "0000:3b:00.0"),
    ])
    func `addresses are read as vendors write them`(_ text: String, _ normal: String) {
        #expect(PCIAddress(parsing: text)?.description == normal)
    }

    @Test(arguments: [
        "", "3b", "0000:3b:20.0", "0000:3b:00.8", "g:3b:00.0", "0000:3b:00.0.0", "0000:0000:3b:00.0", "-1:3b:00.0",
    ])
    func `what is no address is none`(_ text: String) {
        #expect(PCIAddress(parsing: text) == nil)
    }

    @Test func `names are those of the ids that were asked for`() {
        let text = """
            # comment
            10de  NVIDIA Corporation
            \t20b2  GA100 [A100 SXM4 80GB]
            \t\t10de 1463  A100-SXM4-80GB
            \t20b5  GA100 [A100 PCIe 80GB]
            zzzz  nonsense
            1ed5  Moore Threads Technology Co.,Ltd
            \t0300  MTT S4000
            C 03  Display controller
            \t00  VGA compatible controller
            """
        let wanted: Set = [
            PCIIDs(0x10DE, 0x20B2, subsystem: (0x10DE, 0x1463)), PCIIDs(0x1ED5, 0x0300), PCIIDs(0x10DE, 0xFFEE),
        ]
        let names = PCINames(parsing: Array(text.utf8), wanted: wanted)
        #expect(names.device(PCIIDs(0x10DE, 0x20B2, subsystem: (0x10DE, 0x1463))) == "A100-SXM4-80GB")
        #expect(names.device(PCIIDs(0x10DE, 0x20B2, subsystem: (0x1028, 1))) == "GA100 [A100 SXM4 80GB]")
        #expect(names.device(PCIIDs(0x10DE, 0x20B5)) == nil)
        #expect(names.device(PCIIDs(0x1ED5, 0x0300)) == "MTT S4000")
        #expect(names.vendor(PCIIDs(0x10DE, 0xFFEE)) == "NVIDIA Corporation")
    }
}
