import TidemillModel
import TidemillSeams
import TidemillWire

/// Whether a restore is under way.
extension Resources {
    /// True from a restore until every node has said what it runs: whoever would conclude something from slices, jobs and
    /// records waits. Also true when the store cannot be asked.
    package func isRestoring() async -> Bool {
        do throws(StoreError) {
            return try await store.get(RestoreRecord.key) != nil
        } catch {
            return true
        }
    }

    /// Whether reconcilers conclude nothing now: a restore is under way, or the store is an older copy.
    package func isResting() async -> Bool {
        if await halt.message != nil { return true }
        return await isRestoring()
    }

    /// Throws `.unavailable` once the store is known to be an older copy: what it accepted would be lost.
    package func checkAccepting() async throws(APIError) {
        if let message = await halt.message { throw .unavailable("ControllerRolledBack: \(message)") }
    }

    /// Throws `.unavailable` while what is declared cannot be kept: the store is an older copy, or its medium has failed.
    package func checkReady() async throws(APIError) {
        try await checkAccepting()
        guard let fault = await store.fault() else { return }
        throw .unavailable(
            "StoreFailed: \(Status(APIError(fault)).message); restart the controller once the disk is sound")
    }

    /// The record of the restore that is under way, with its revision.
    package func restoreRecord() async throws(APIError) -> (record: RestoreRecord, revision: Revision)? {
        guard let stored = try await record(RestoreRecord.key) else { return nil }
        do throws(DecodeFailure) {
            return (try RestoreRecord(json: stored.value), stored.revision)
        } catch {
            throw .internalError("\(RestoreRecord.key) cannot be read: \(error)")
        }
    }
}
