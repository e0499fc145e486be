import TidemillModel
import TidemillWire

extension Resources {
    /// Makes what must always be there: the namespace `default` and the DeviceClass `cpu`. To be called once at each start,
    /// before anything is served.
    package func bootstrap() async throws(APIError) {
        let home = Kinds.Namespace(metadata: ObjectMeta(name: "default"))
        let cpu = Kinds.DeviceClass(
            metadata: ObjectMeta(name: "cpu"), spec: .init(selector: Kinds.DeviceSelector(vendor: "cpu")))
        for object in [home, cpu] as [any WireObject] where try await find(object.ref) == nil {
            try await transact([.create(object)])
        }
    }
}
