import ArgumentParser
import Glibc
import TidemillRig

/// The work of a task that needs nothing but a CPU and its caches, between two instants of the boot clock, so that several of
/// them run at the same time. Prints how much it did, in how many nanoseconds of a CPU, and of
/// the clock.
struct SpinWork: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "spin", abstract: "Work for a while, as the tasks of `bench slices` do.", shouldDisplay: false)

    @Option(help: "When to begin, in nanoseconds of the boot clock.") var begin: Int64
    @Option(help: "When to end.") var end: Int64

    /// What a core has for itself of caches, here and on most machines: half a MiB and more.
    private static let words = 32 << 10

    func run() {
        var table = (0..<UInt64(Self.words)).map { $0 &* 0x9E37_79B9_7F4A_7C15 }
        var sum: UInt64 = 1
        sum = Self.round(&table, sum)
        wait()
        let used = Self.processorNanoseconds()
        let began = Kernel.bootNanoseconds()
        var rounds = 0
        while Kernel.bootNanoseconds() < end {
            sum = Self.round(&table, sum)
            rounds += 1
        }
        // The sum keeps the work from being optimized away.
        say("\(rounds) \(Self.processorNanoseconds() - used) \(Kernel.bootNanoseconds() - began) \(sum)")
    }

    private func wait() {
        var instant = timespec(tv_sec: Int(begin / 1_000_000_000), tv_nsec: Int(begin % 1_000_000_000))
        clock_nanosleep(CLOCK_BOOTTIME, TIMER_ABSTIME, &instant, nil)
    }

    private static func processorNanoseconds() -> Int64 {
        var time = timespec()
        // The clock exists on every supported kernel; the call cannot fail for it.
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    /// One pass over the table, each step depending on the one before.
    @inline(never)
    private static func round(_ table: inout [UInt64], _ start: UInt64) -> UInt64 {
        var state = start
        for index in table.indices {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            table[index] &+= state
        }
        return state &+ table[Int(state % UInt64(table.count))]
    }
}
