import TidemillClient
import TidemillModel
import TidemillWire

/// How far the emptying of a node is, as its condition Draining says.
enum DrainProgress {
    /// What the node, or its absence, means for someone who waits until it is empty, and what it says meanwhile.
    static func judge(_ object: JSON?, name: String) -> (verdict: Waiting.Verdict, message: String?) {
        let kind = Kinds.Node.info
        guard let object else { return (.never("\(kind.groupResource) \"\(name)\" not found"), nil) }
        let isDrained = object.at(["spec", "drain"])?.object != nil
        guard isDrained || object.at(["spec", "maintenance"])?.bool == true else {
            return (.never("\(kind.named(name)) is no longer to be emptied: somebody took it back"), nil)
        }
        let conditions = object.at(["status", "conditions"])?.array ?? []
        let declared = object.at(["metadata", "generation"])?.integer ?? 0
        // What was said of an earlier drain says nothing of this one.
        guard let condition = conditions.first(where: { $0["type"]?.string == "Draining" }),
            (condition["observedGeneration"]?.integer ?? 0) >= declared
        else { return (.goOn, nil) }
        let message = condition["message"]?.string
        let isEmpty = condition["status"]?.string == "False" && condition["reason"]?.string == "Drained"
        return (isEmpty ? .holds : .goOn, isEmpty ? nil : message)
    }
}

extension Session {
    /// Waits until the node is empty, and says on standard error what it waits for.
    func untilDrained(_ name: String) async throws {
        let (messages, sink) = AsyncStream<String>.makeStream(bufferingPolicy: .bufferingNewest(16))
        async let telling: Void = Self.tell(messages)
        _ = try await Waiting(session: self, limit: .zero).until(Kinds.Node.info, namespace: nil, name: name) {
            let (verdict, message) = DrainProgress.judge($0, name: name)
            if let message { sink.yield(message) }
            return verdict
        }
        sink.finish()
        await telling
    }

    private static func tell(_ messages: AsyncStream<String>) async {
        var last = ""
        for await message in messages where message != last {
            Terminal.complain(message)
            last = message
        }
    }
}
