import Testing
import TidemillHostLinux

@Suite struct PressureTests {
    @Test func `what the kernel writes is read`() throws {
        let text = """
            some avg10=15.53 avg60=19.49 avg300=16.73 total=10970767777
            full avg10=0.25 avg60=0.00 avg300=0.00 total=42
            """
        #expect(
            Pressure(parsing: text)
                == Pressure(someMicroseconds: 10_970_767_777, fullMicroseconds: 42, somePercent10s: 15.53))
        // Older kernels tell no `full` of the CPU.
        #expect(
            Pressure(parsing: "some avg10=0.00 avg60=0.00 avg300=0.00 total=7")
                == Pressure(someMicroseconds: 7, fullMicroseconds: 0, somePercent10s: 0))
    }

    @Test(arguments: ["", "some", "some avg10=1.0", "full avg10=0.00 total=1", "some avg10=x total=1"])
    func `anything else is none`(text: String) {
        #expect(Pressure(parsing: text) == nil)
    }

    @Test(.enabled(if: HostFile.exists("/proc/pressure/cpu"), "this kernel keeps no pressure"))
    func `the machine tells all three`() {
        #expect(Set(Pressure.ofMachine().keys) == Set(Pressure.Resource.allCases))
    }

    @Test func `a kernel without it tells none`() {
        #expect(Pressure.ofMachine(procRoot: "/tmp/no-such-folder") == [:])
    }
}
