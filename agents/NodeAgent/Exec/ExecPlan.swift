import TidemillLease
import TidemillModel
import TidemillNodeCore
import TidemillSeams
import TidemillWire

/// What a session in a running task is told, from what the task's shim was told. Pure.
enum ExecPlan {
    /// Why there can be no session, in a sentence.
    struct Refusal: Error, Hashable {
        var sentence: String

        /// Nothing begins in a slice that stands still.
        static func frozen(_ task: String) -> Refusal {
            Refusal(
                sentence: "task \"\(task)\" is frozen, and nothing begins in it until it goes on: after a jump of its "
                    + "node's clock, once the node has heard from the controller again; try again then")
        }
    }

    /// - Parameters:
    ///   - slice: what the agent holds under the task's name.
    ///   - shimSpec: the bytes of the task's `ShimSpec`; nil when they are not there.
    ///   - started: those of its `StartedRecord`.
    static func spec(
        _ request: ExecRequest, in slice: HeldSlice, boot: BootID, shimSpec: [UInt8]?, started: [UInt8]?
    ) throws(Refusal) -> ExecSpec {
        guard case .active(let running) = slice.phase else {
            throw Refusal(sentence: "task \"\(slice.name)\" does not run on this node")
        }
        let (shim, record): (ShimSpec, StartedRecord)
        do throws(RecordError) {
            shim = try ShimSpec(bytes: shimSpec ?? [])
            record = try StartedRecord(bytes: started ?? [])
        } catch {
            throw Refusal(sentence: "what task \"\(slice.name)\" was started with cannot be read: \(error)")
        }
        guard record.boot == boot, record.shim == running.shim, shim.sliceUID == slice.uid,
            shim.epoch == slice.grant.epoch
        else { throw Refusal(sentence: "what is on disk is not what task \"\(slice.name)\" was started with") }
        var spec = ExecSpec(
            in: shim, record, command: request.command,
            terminal: request.terminal.map { ExecSpec.Terminal(rows: $0.rows, columns: $0.columns) })
        if let terminal = request.terminal { spec.set("TERM", terminal.type) }
        return spec
    }
}

extension ExecSpec {
    /// Sets a variable of the environment, in place of one of that name.
    fileprivate mutating func set(_ name: String, _ value: String) {
        environment.removeAll { $0.hasPrefix(name + "=") }
        environment.append("\(name)=\(value)")
    }
}
