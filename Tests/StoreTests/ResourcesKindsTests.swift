import Testing
import TidemillModel
import TidemillSeams
import TidemillStore
import TidemillWire

@Suite("Resources: kinds with a shape of their own", .timeLimit(.minutes(1)))
struct ResourcesKindsTests {
    @Test
    func `an event is kept as it is sent, without spec and status`() async throws {
        let world = try await ResourcesFixture()
        let event: JSON = [
            "metadata": ["generateName": "a-"], "involvedObject": ["kind": "Job", "name": "a", "namespace": "lab"],
            "reason": "Scheduled", "type": "Normal", "eventTime": "2026-11-21T03:35:29.123456Z", "count": 1,
        ]
        let made = try await world.resources.create(Kinds.Event.info, namespace: "lab", event)
        #expect(try made.tree.text("reason") == "Scheduled")
        #expect(try made.tree.text("eventTime") == "2026-11-21T03:35:29.123456Z")
        let again = try await world.resources.mergePatch(made.ref, ["count": 2])
        #expect(try again.tree.number("count") == 2)
        let status = await world.refusal { () async throws(APIError) in
            _ = try await world.resources.mergePatch(made.ref, ["count": 3], .status)
        }
        #expect(status.hasPrefix("404 "))
        let selector = ObjectSelector(fields: FieldSelector([.init(field: "involvedObject.name", value: "a")]))
        let found = try await world.resources.list(Kinds.Event.info, ListOptions(selector: selector))
        #expect(found.objects.map(\.ref) == [made.ref])
    }

    @Test
    func `of two who renew a lease from the same revision one wins`() async throws {
        let world = try await ResourcesFixture()
        let lease: JSON = [
            "metadata": ["name": "leader"], "spec": ["holderIdentity": "a", "leaseDurationSeconds": 15],
        ]
        let made = try await world.resources.create(Kinds.Lease.info, namespace: "lab", lease)
        #expect(try made.tree.text("apiVersion") == "coordination.k8s.io/v1")
        var mine = try made.tree
        mine["spec"]?["holderIdentity"] = "b"
        var theirs = try made.tree
        theirs["spec"]?["holderIdentity"] = "c"
        _ = try await world.resources.update(made.ref, mine)
        let late = theirs
        let lost = await world.refusal { () async throws(APIError) in
            _ = try await world.resources.update(made.ref, late)
        }
        #expect(lost.hasPrefix("409 "))
        #expect(try await world.resources.get(made.ref).tree.text("spec", "holderIdentity") == "b")
    }

    @Test
    func `a kind of the cluster has no namespace`() async throws {
        let world = try await ResourcesFixture()
        let node: JSON = ["metadata": ["name": "n1"], "spec": ["region": "north"]]
        let made = try await world.resources.create(Kinds.Node.info, node)
        #expect(try made.tree.text("metadata", "namespace") == nil)
        #expect(made.ref.key == "tidemill.dev/nodes//n1")
        let placed = await world.refusal { () async throws(APIError) in
            _ = try await world.resources.create(Kinds.Node.info, ["metadata": ["name": "n2", "namespace": "lab"]])
        }
        #expect(placed.hasPrefix("422 ") && placed.contains("metadata.namespace: Forbidden: not allowed on this type"))
    }
}
