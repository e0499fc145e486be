import HTTPTypes
import HummingbirdCore
import NIOCore
import TidemillModel
import TidemillSeams
import TidemillStore
import TidemillWire

/// `GET /admin/v1/backup`: all of the store as of one revision, a line for each entry. Operators only: it holds what every
/// tenant ever declared.
///
/// The snapshot is a value, so writers go on, and a client that reads slowly holds nobody up.
struct BackupRoute: Sendable {
    let store: any Store
    let sleep: Sleep

    /// Lines are sent together until they are so many bytes.
    private static let chunkBytes = 64 << 10

    func backup(_ call: Call) async throws(APIError) -> Reply {
        guard call.peer.isMaster else {
            throw .forbidden("forbidden: User \"\(call.peer.user)\" cannot get path \"/admin/v1/backup\"")
        }
        let snapshot: StoreSnapshot
        do throws(StoreError) {
            snapshot = try await store.snapshot()
        } catch {
            throw APIError(error)
        }
        let (sleep, channel) = (sleep, call.channel)
        return Reply(
            status: .ok, contentType: "application/x-ndjson",
            body: .stream { writer in
                let output = StreamWriter(writer, pacedBy: channel)
                try await whileConnected(channel, sleep: sleep) { try await Self.write(snapshot, to: output) }
                try await writer.finish(nil)
            })
    }

    private static func write(_ snapshot: StoreSnapshot, to output: StreamWriter) async throws {
        var lines = BackupWriter()
        let identity = snapshot.identity
        var chunk = lines.header(
            BackupHeader(
                incarnation: identity.incarnation, ancestors: identity.ancestors, base: identity.base,
                revision: snapshot.revision))
        for entry in snapshot.entries.all {
            chunk += lines.entry(
                BackupEntry(key: entry.key, value: entry.value, created: entry.created, revision: entry.revision))
            if chunk.count >= chunkBytes {
                try await output.write(ByteBuffer(bytes: chunk))
                chunk = []
            }
        }
        // A client that does not get this line knows that something is missing.
        try await output.write(ByteBuffer(bytes: chunk + lines.footer()))
    }
}
