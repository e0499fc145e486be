import TidemillSeams
import TidemillWire

/// One change that a watch reports.
package enum ObjectEvent<Object: Sendable>: Sendable {
    case added(Object)
    case modified(Object)
    /// The object's last state. It may also have left the selection.
    case deleted(Object)
    /// Everything up to this revision has been reported.
    case bookmark(Revision)
}

extension ObjectEvent: Equatable where Object: Equatable {}

/// The events of one watch. It ends without an error when the server ends it, as servers do from time to time; an ERROR event
/// is thrown as `.api`, so that a compacted revision arrives as `.api(.expired)`.
package struct WatchStream<Object: Sendable>: AsyncSequence, Sendable {
    package typealias Element = ObjectEvent<Object>
    package typealias Failure = ClientError
    typealias Decode = @Sendable (JSON) throws(ClientError) -> Object

    let lines: LineStream
    let decode: Decode

    package struct AsyncIterator: AsyncIteratorProtocol {
        var lines: LineStream.AsyncIterator
        let decode: Decode

        package mutating func next(isolation actor: isolated (any Actor)? = #isolation) async throws(ClientError)
            -> Element?
        {
            while let line = try await lines.next(isolation: actor) {
                if line.isEmpty { continue }
                return try WatchStream.event(line, decode)
            }
            return nil
        }

        package mutating func next() async throws(ClientError) -> Element? {
            try await next(isolation: nil)
        }
    }

    package func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(lines: lines.makeAsyncIterator(), decode: decode)
    }

    /// What one line of a watch says.
    static func event(_ line: [UInt8], _ decode: Decode) throws(ClientError) -> Element {
        let document = try APIClient.parse(line)
        guard let type = document["type"]?.string, let object = document["object"] else {
            throw .badAnswer("a watch event without type and object")
        }
        switch type {
        case "ADDED": return .added(try decode(object))
        case "MODIFIED": return .modified(try decode(object))
        case "DELETED": return .deleted(try decode(object))
        case "BOOKMARK": return .bookmark(Revision(try APIClient.revision(of: object)))
        case "ERROR":
            guard let status = Status(json: object) else { throw .badAnswer("a watch error without a Status") }
            throw .api(APIError(status: status))
        default: throw .badAnswer("a watch event of type \(type)")
        }
    }
}
