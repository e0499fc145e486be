import NIOCore
import TidemillWire

extension ByteBuffer: ByteChunk {
    /// A slice of a larger buffer keeps all of it: what came over TLS in small pieces holds many times its own bytes.
    package var heldBytes: Int { storageCapacity }
}
