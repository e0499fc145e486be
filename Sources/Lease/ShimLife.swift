import TidemillSeams

/// What a shim decides: when to look for an extension, when to ask the command to end, when to end the slice, and what
/// the record says. The program around it owns the processes and the kernel's timer.
package struct ShimLife: Sendable {
    package enum Event: Hashable, Sendable {
        /// The instant asked for by `.wakeAt` has come, with what the page says; nil when it could not be read.
        case woke(Renewal?)
        /// The agent asks for the end.
        case stopRequested
        /// The command ended: exit status, or the signal.
        case commandEnded(exitCode: Int32?, signal: Int32?)
        /// The command could not be started, or the namespace's init went without a report.
        case failed(EndReason, message: String)
    }

    package enum Effect: Hashable, Sendable {
        /// Arm the kernel's timer, whose signal is SIGKILL to the shim itself, at this instant.
        case armKernelTimer(Instant)
        /// Wake at this instant at the latest, and replace any earlier wish.
        case wakeAt(Instant)
        /// Send SIGTERM to the command.
        case askCommandToEnd
        /// End every process of the slice, then write the record.
        case endSlice
    }

    /// Why and how the task ended; nil while it runs.
    package struct Outcome: Hashable, Sendable {
        package var reason: EndReason
        package var exitCode: Int32?
        package var signal: Int32?
        package var message: String
    }

    /// Nil with `keep`.
    package private(set) var deadline: Deadline?
    package private(set) var outcome: Outcome?
    private let stopGrace: Duration
    private var killAt: Instant?

    package init(deadline: Deadline?, stopGrace: Duration) {
        self.deadline = deadline
        self.stopGrace = stopGrace
    }

    /// The first thing to do, before any process is started. Ends at once when the deadline has passed.
    package mutating func start(_ renewal: Renewal?, at now: Instant) -> [Effect] {
        guard let armed = deadline else { return [] }
        // Armed in the past, the timer would kill before the end is recorded; nothing runs that it could end.
        if armed.hasPassed(at: now) { return look(renewal, at: now) }
        return [.armKernelTimer(armed.kernelAt)] + look(renewal, at: now)
    }

    package mutating func on(_ event: Event, at now: Instant) -> [Effect] {
        guard outcome == nil else { return [] }
        switch event {
        case .woke(let renewal):
            if let killAt, now >= killAt, deadline?.hasPassed(at: now) != true {
                return end(.stopped, message: "did not end within the grace of \(milliseconds(stopGrace)) ms")
            }
            return look(renewal, at: now)
        case .stopRequested:
            guard killAt == nil else { return [] }
            killAt = now + stopGrace
            return [.askCommandToEnd] + nextWake(at: now)
        case .commandEnded(let exitCode, let signal):
            return ended(exitCode: exitCode, signal: signal)
        case .failed(let reason, let message):
            return end(reason, message: message)
        }
    }

    /// The outcome once the out-of-memory counter is known: a command that failed while the kernel ended processes of
    /// its slice exceeded its memory.
    package func outcome(oomKills: Int64) -> Outcome? {
        guard var final = outcome else { return nil }
        if oomKills > 0, final.reason == .error {
            final.reason = .memoryLimitExceeded
            final.message = "it took more memory than granted, and the kernel ended \(oomKills) of its processes"
        }
        return final
    }

    private mutating func look(_ renewal: Renewal?, at now: Instant) -> [Effect] {
        guard var current = deadline else { return nextWake(at: now) }
        if current.hasPassed(at: now) {
            return end(.fenced, message: "no renewal was acknowledged for \(milliseconds(current.after)) ms")
        }
        var effects: [Effect] = []
        if let renewal, current.extend(renewal, at: now) == .extended {
            deadline = current
            effects.append(.armKernelTimer(current.kernelAt))
        }
        return effects + nextWake(at: now)
    }

    private func nextWake(at now: Instant) -> [Effect] {
        let wishes = [deadline?.nextLook(at: now), killAt].compactMap { $0 }
        return wishes.min().map { [.wakeAt($0)] } ?? []
    }

    private mutating func ended(exitCode: Int32?, signal: Int32?) -> [Effect] {
        if exitCode == 0 {
            outcome = Outcome(reason: .completed, exitCode: 0, signal: nil, message: "exited with status 0")
            return [.endSlice]
        }
        let how = signal.map { "ended by signal \($0)" } ?? "exited with status \(exitCode ?? -1)"
        outcome = Outcome(reason: killAt == nil ? .error : .stopped, exitCode: exitCode, signal: signal, message: how)
        return [.endSlice]
    }

    private mutating func end(_ reason: EndReason, message: String) -> [Effect] {
        outcome = Outcome(reason: reason, exitCode: nil, signal: nil, message: message)
        return [.endSlice]
    }

    private func milliseconds(_ duration: Duration) -> Int64 { duration.wholeNanoseconds / 1_000_000 }
}
