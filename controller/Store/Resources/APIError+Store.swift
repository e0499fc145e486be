import TidemillModel
import TidemillSeams
import TidemillWire

extension APIError {
    /// What an error of the store means to a client; `ref` names the object of a conflict.
    package init(_ error: StoreError, about ref: ObjectRef? = nil) {
        self =
            switch error {
            case .conflict(let key, _):
                .modified(resource: ref?.kind.groupResource ?? "records", name: ref?.name ?? key)
            case .expired(let oldest): .expired("too old resource version: the history starts at \(oldest)")
            case .future(let current): .futureRevision(requested: 0, current: current.rawValue)
            case .full(let message): .unavailable(message)
            case .tooLarge(let message): .tooLarge(message)
            case .closed: .unavailable("the controller is shutting down")
            case .corrupt(let message), .failed(let message): .internalError(message)
            }
    }
}

/// Runs `body` and says in the words of the API what the store says.
func serving<Result>(
    _ ref: ObjectRef? = nil, isolation: isolated (any Actor)? = #isolation,
    _ body: () async throws(StoreError) -> Result
) async throws(APIError) -> Result {
    do throws(StoreError) {
        return try await body()
    } catch {
        throw APIError(error, about: ref)
    }
}
