import Testing
import TidemillModel
import TidemillReconcilers
import TidemillSeams
import TidemillWire

@Suite struct GarbagePlanTests {
    let now = Timestamp(seconds: 10_000)

    func task(owner: String, kind: String = "Job", terminating: Bool = false) -> Kinds.Task {
        Kinds.Task(
            metadata: ObjectMeta(
                name: "t", namespace: "lab", uid: "uid-t", deletionTimestamp: terminating ? now : nil,
                ownerReferences: [
                    OwnerReference(apiVersion: "tidemill.dev/v1alpha1", kind: kind, name: "j", uid: owner)
                ]),
            spec: Kinds.TaskSpec(slice: "t", template: Kinds.TaskTemplate(command: ["true"])))
    }

    func slice(_ state: Kinds.SliceState, granted: Bool, terminating: Bool = true) -> Kinds.Slice {
        var slice = Kinds.Slice(
            metadata: ObjectMeta(
                name: "s", namespace: "lab", deletionTimestamp: terminating ? now : nil,
                finalizers: ["tidemill.dev/release", "example.org/other"]),
            spec: Kinds.SliceSpec(request: Kinds.SliceRequest(), onDisconnect: Kinds.OnDisconnect(policy: .keep)),
            status: Kinds.SliceStatus(state: state))
        if granted {
            slice.status.grant = Kinds.Grant(
                node: "a", bootID: "b", epoch: 1, token: 1, sliceUID: "s", shares: [], policy: .keep)
        }
        return slice
    }

    @Test func `what belonged to an owner that is gone goes, by uid`() {
        func plan(_ task: Kinds.Task, owners: Set<String>) -> String {
            GarbagePlan.plan(GarbageObservation(dependents: [task], owners: owners, now: now)).description
        }
        #expect(plan(task(owner: "old"), owners: ["new"]) == "delete Task lab/t")
        #expect(plan(task(owner: "old"), owners: ["old"]).isEmpty)
        #expect(plan(task(owner: "old", kind: "Unknown"), owners: []).isEmpty)
        #expect(plan(task(owner: "old", terminating: true), owners: []).isEmpty)
    }

    @Test func `a deleted owner waits for what it owns, or lets it go`() {
        func owner(_ finalizer: String) -> Kinds.Job {
            Kinds.Job(
                metadata: ObjectMeta(
                    name: "j", namespace: "lab", uid: "uid-j", deletionTimestamp: now,
                    finalizers: [finalizer, "example.org/other"]),
                spec: Kinds.JobSpec(
                    slice: Kinds.SliceRequest(), template: Kinds.TaskTemplate(command: ["true"])))
        }
        func plan(_ finalizer: String, _ dependents: [Kinds.Task]) -> GarbagePlan {
            GarbagePlan.plan(
                GarbageObservation(
                    dependents: dependents, owners: ["uid-j", "other"], waiting: [owner(finalizer)], now: now))
        }
        func blocking(_ task: Kinds.Task) -> Kinds.Task {
            var task = task
            task.metadata.ownerReferences[0].blockOwnerDeletion = true
            return task
        }
        let freed = "finalizers of Job lab/j: example.org/other"
        let (foreground, orphan) = ("foregroundDeletion", "orphan")
        #expect(plan(foreground, []).description == freed)
        #expect(plan(foreground, [task(owner: "uid-j")]).description == "delete Task lab/t\n\(freed)")
        #expect(plan(foreground, [blocking(task(owner: "uid-j"))]).description == "delete Task lab/t")
        #expect(plan(foreground, [blocking(task(owner: "uid-j", terminating: true))]).description.isEmpty)
        #expect(plan(foreground, [task(owner: "other")]).description == freed)
        var shared = task(owner: "uid-j")
        shared.metadata.ownerReferences.append(
            OwnerReference(apiVersion: "tidemill.dev/v1alpha1", kind: "Job", name: "o", uid: "other"))
        #expect(plan(foreground, [shared]).description == "finalizers of Task lab/t: ", "it is another's, too")
        var own = blocking(task(owner: "uid-j"))
        own.metadata.uid = "uid-j"
        #expect(plan(foreground, [own]).description == freed, "nothing waits for itself")
        #expect(plan(orphan, []).description == freed)
        let kept = plan(orphan, [task(owner: "uid-j")])
        #expect(kept.description == "finalizers of Task lab/t: ")
        #expect(kept.changes.first?.object.metadata.ownerReferences.isEmpty == true)
        #expect(plan("example.org/own", [task(owner: "uid-j")]).changes.isEmpty)
    }

    @Test func `a slice keeps its finalizer while its node may hold something`() {
        func plan(_ slice: Kinds.Slice) -> String {
            GarbagePlan.plan(GarbageObservation(slices: [slice], now: now)).description
        }
        #expect(plan(slice(.released, granted: true)) == "finalizers of Slice lab/s: example.org/other")
        #expect(plan(slice(.pending, granted: false)) == "finalizers of Slice lab/s: example.org/other")
        #expect(plan(slice(.active, granted: true)).isEmpty)
        #expect(plan(slice(.lost, granted: true)).isEmpty)
        #expect(plan(slice(.released, granted: true, terminating: false)).isEmpty)
    }

    @Test(arguments: [(3600, ""), (3601, "delete Event lab/e")] as [(Int64, String)])
    func `events are kept for an hour`(_ age: Int64, _ text: String) {
        let event = Kinds.Event(
            metadata: ObjectMeta(name: "e", namespace: "lab"), involvedObject: Kinds.ObjectReference(),
            lastTimestamp: Timestamp(seconds: now.seconds - age))
        #expect(GarbagePlan.plan(GarbageObservation(events: [event], now: now)).description == text)
    }

    @Test func `a terminating namespace is emptied and then released`() {
        let namespace = Kinds.Namespace(
            metadata: ObjectMeta(name: "lab", deletionTimestamp: now, finalizers: ["tidemill.dev/contents"]))
        func plan(_ contents: [String: Int]) -> String {
            GarbagePlan.plan(GarbageObservation(namespaces: [namespace], contents: contents, now: now)).description
        }
        #expect(plan(["lab": 2]) == "empty Namespace lab")
        #expect(plan([:]) == "finalizers of Namespace lab: ")
    }
}
