import Testing
import TidemillModel
import TidemillReconcilers

@Suite struct DeviceClassPlanTests {
    @Test func `a class counts the devices that meet every requirement`() {
        func device(_ name: String, _ vendor: String, _ model: String) -> Kinds.Device {
            Kinds.Device(
                metadata: ObjectMeta(name: name, labels: ["tier": "fast"]), spec: Kinds.DeviceSpec(),
                status: Kinds.DeviceStatus(vendor: vendor, model: model))
        }
        let selector = Kinds.DeviceSelector(vendor: "nvidia", models: ["A100"], matchLabels: ["tier": "fast"])
        var training = Kinds.DeviceClass(
            metadata: ObjectMeta(name: "training", generation: 2), spec: Kinds.DeviceClassSpec(selector: selector))
        let devices = [device("a", "nvidia", "A100"), device("b", "nvidia", "H100"), device("c", "cpu", "A100")]
        let plan = DeviceClassPlan.plan(DeviceClassObservation(classes: [training], devices: devices))
        #expect(plan.description == "set DeviceClass training 1 devices")
        training.status.devices = 1
        training.status.observedGeneration = 2
        #expect(DeviceClassPlan.plan(DeviceClassObservation(classes: [training], devices: devices)).changes.isEmpty)
    }
}
