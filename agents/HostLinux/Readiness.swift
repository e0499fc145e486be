@preconcurrency import Dispatch

/// Waiting for a descriptor without a thread.
enum Readiness {
    /// Waits for the source's first event, or until the caller is cancelled, and then until Dispatch has let go of the
    /// descriptor: on Linux a source that is made on it earlier can lose its registration to the removal of this one, and
    /// never speaks. For the same reason two sources at a time need two descriptors.
    static func wait(_ source: some DispatchSourceProtocol) async {
        // Dispatch's objects may be used from any thread; their protocols do not say so.
        nonisolated(unsafe) let source = source
        await withTaskCancellationHandler {
            await withCheckedContinuation { released in
                source.setEventHandler { source.cancel() }
                source.setCancelHandler { released.resume() }
                source.activate()
            }
        } onCancel: {
            source.cancel()
        }
    }
}
