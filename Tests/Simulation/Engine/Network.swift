import TidemillSeams
import TidemillWire

/// Why a request brought no answer to its agent.
enum CallFailure: Error {
    case refused(APIError)
    case unreachable
}

/// What lies between one machine and the controller, each way by itself.
final class Link {
    var isUpCut = false
    var isDownCut = false
    /// Messages in a thousand that are lost, that come twice, and that are late.
    var lossPerMille = 0
    var duplicatesPerMille = 0
    var delaysPerMille = 0
    var longestDelay: Duration = .zero

    var isClear: Bool { !isUpCut && !isDownCut && lossPerMille == 0 }
}

/// Requests of agents to the controller. Each may be lost, late, doubled or overtaken, and so may its answer.
extension World {
    /// Calls `serve` in the controller, and `then` in the agent's process: once, unless the agent dies before.
    func call<Answer>(
        _ process: AgentProcess, timeout: Duration,
        serve: @escaping (ControllerProcess) async throws -> Answer,
        then: @escaping (Result<Answer, CallFailure>) -> Void
    ) {
        let link = process.machine.link
        let dice = process.machine.netDice
        var isAnswered = false
        let answer: (Result<Answer, CallFailure>) -> Void = { result in
            guard !isAnswered else { return }
            isAnswered = true
            then(result)
        }
        let end = process.machine.trueTime(process.machine.now + timeout)
        engine.at(end, on: process.runner) { answer(.failure(.unreachable)) }
        let copies = dice.chance(link.duplicatesPerMille) ? 2 : 1
        for _ in 0..<copies {
            guard !link.isUpCut, !dice.chance(link.lossPerMille) else { continue }
            engine.after(latency(link, dice), on: network) { [self] in
                guard !link.isUpCut else { return }
                guard controller.isAlive else {
                    return engine.after(latency(link, dice), on: process.runner) {
                        if !link.isDownCut { answer(.failure(.unreachable)) }
                    }
                }
                engine.after(.zero, on: controller.runner) { [self] in
                    let result = try await served(serve)
                    guard let result, !link.isDownCut, !dice.chance(link.lossPerMille) else { return }
                    engine.after(latency(link, dice), on: process.runner) {
                        if !link.isDownCut { answer(result) }
                    }
                }
            }
        }
    }

    /// Nil when the controller died over it: nobody answers then. What the checkers find passes through.
    private func served<Answer>(
        _ serve: (ControllerProcess) async throws -> Answer
    ) async throws -> Result<Answer, CallFailure>? {
        let start = controller.starts
        do {
            let value = try await serve(controller)
            return controller.isAlive && controller.starts == start ? .success(value) : nil
        } catch let error as APIError {
            return controller.isAlive && controller.starts == start ? .failure(.refused(error)) : nil
        }
    }

    private func latency(_ link: Link, _ dice: Dice) -> Duration {
        var delay = dice.microseconds(150...3000)
        if dice.chance(link.delaysPerMille) {
            delay += dice.milliseconds(1...max(2, Int(link.longestDelay.wholeNanoseconds / 1_000_000)))
        }
        return delay
    }
}
