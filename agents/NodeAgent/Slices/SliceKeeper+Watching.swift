import Logging
import TidemillClient
import TidemillModel
import TidemillNodeCore
import TidemillSeams

/// What the watches bring.
extension SliceKeeper {
    package func apply(_ event: ReflectorEvent<Kinds.Slice>, under demand: Int) async {
        switch event {
        case .synced(let slices, let revision):
            await writer.keep(only: Set(slices.map { SliceUID($0.metadata.uid) }))
            for slice in slices { await writer.note(slice) }
            feed(.listed(slices.map(SliceView.init), under: demand))
            appliedSlices = max(appliedSlices, revision)
            await sweep()
        case .added(let slice), .modified(let slice):
            await writer.note(slice)
            feed(.seen(SliceView(slice)))
            applied(&appliedSlices, slice.metadata)
        case .deleted(let slice):
            let uid = SliceUID(slice.metadata.uid)
            await writer.drop(uid)
            feed(.gone(uid))
            applied(&appliedSlices, slice.metadata)
            await sweep()
        case .progress(let revision):
            appliedSlices = max(appliedSlices, revision)
        case .interrupted(let error):
            logger.debug("the watch of slices was interrupted", metadata: ["error": "\(error)"])
        }
    }

    package func apply(_ event: ReflectorEvent<Kinds.Job>, under demand: Int) {
        switch event {
        case .synced(let jobs, let revision):
            feed(.gangsListed(jobs.compactMap(GangView.init), under: demand))
            appliedGangs = max(appliedGangs, revision)
        case .added(let job), .modified(let job):
            if let gang = GangView(job) { feed(.gangSeen(gang)) }
            applied(&appliedGangs, job.metadata)
        case .deleted(let job):
            feed(.gangGone(JobUID(job.metadata.uid)))
            applied(&appliedGangs, job.metadata)
        case .progress(let revision):
            appliedGangs = max(appliedGangs, revision)
        case .interrupted(let error):
            logger.debug("the watch of jobs was interrupted", metadata: ["error": "\(error)"])
        }
    }

    private func applied(_ revision: inout Revision, _ metadata: ObjectMeta) {
        guard let number = metadata.resourceVersion.flatMap({ Int64($0) }) else { return }
        revision = max(revision, Revision(number))
    }
}
