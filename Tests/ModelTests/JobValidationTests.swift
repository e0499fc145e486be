import Testing
import TidemillModel
import TidemillSeams

@Suite struct JobValidationTests {
    private func job(
        name: String = "hello", gang: Kinds.Gang = Kinds.Gang(), slice: Kinds.SliceRequest? = nil,
        template: Kinds.TaskTemplate = Kinds.TaskTemplate(command: ["true"]),
        preemptibility: Kinds.Preemptibility = .nonPreemptible, onDisconnect: Kinds.OnDisconnect? = nil
    ) throws -> Kinds.Job {
        let request = try slice ?? Kinds.SliceRequest(cpu: Quantity(parsing: "250m"), memory: Quantity(parsing: "64Mi"))
        return Kinds.Job(
            metadata: ObjectMeta(name: name, namespace: "default"),
            spec: Kinds.JobSpec(
                gang: gang, slice: request, template: template, preemptibility: preemptibility,
                onDisconnect: onDisconnect))
    }

    private func fields(_ job: Kinds.Job) -> [String] { job.validate(old: nil).map(\.field) }

    @Test func `a plain job is fine`() throws {
        #expect(try job().validate(old: nil) == [])
    }

    @Test func `a name leaves room for attempt and index`() throws {
        #expect(try fields(job(name: String(repeating: "a", count: 52))) == [])
        #expect(try fields(job(name: String(repeating: "a", count: 53))) == ["metadata.name"])
    }

    @Test func `a gang is not elastic yet`() throws {
        #expect(try fields(job(gang: Kinds.Gang(min: 2, max: 2))) == [])
        #expect(try fields(job(gang: Kinds.Gang(min: 2, max: 4))) == ["spec.gang.max"])
    }

    @Test func `a slice asks for something`() throws {
        #expect(try fields(job(slice: Kinds.SliceRequest())) == ["spec.slice"])
    }

    @Test(arguments: [
        ("0", "64Mi", "spec.slice.cpu"), ("4097", "64Mi", "spec.slice.cpu"), ("1", "0", "spec.slice.memory"),
        ("1", "4194303", "spec.slice.memory"), ("1", "65Ti", "spec.slice.memory"),
    ])
    func `absurd amounts are refused`(_ cpu: String, _ memory: String, _ field: String) throws {
        let request = try Kinds.SliceRequest(cpu: Quantity(parsing: cpu), memory: Quantity(parsing: memory))
        #expect(try fields(job(slice: request)) == [field])
    }

    @Test(arguments: [("4096", "64Ti"), ("1m", "4Mi")])
    func `amounts at the edges are fine`(_ cpu: String, _ memory: String) throws {
        let request = try Kinds.SliceRequest(cpu: Quantity(parsing: cpu), memory: Quantity(parsing: memory))
        #expect(try fields(job(slice: request)) == [])
    }

    @Test func `cpu and the class cpu exclude each other`() throws {
        let device = try Kinds.DeviceRequest(class: "cpu", compute: Quantity(parsing: "12.5%"))
        #expect(try fields(job(slice: Kinds.SliceRequest(devices: [device]))) == [])
        let both = try Kinds.SliceRequest(memory: Quantity(parsing: "64Mi"), devices: [device])
        #expect(try fields(job(slice: both)) == ["spec.slice.devices[0].class"])
        let other = try Kinds.SliceRequest(
            cpu: Quantity(parsing: "1"), devices: [Kinds.DeviceRequest(class: "training")])
        #expect(try fields(job(slice: other)) == [])
    }

    @Test(arguments: ["0", "0%", "101%", "1.01"])
    func `compute is more than nothing and at most the device`(_ compute: String) throws {
        let device = try Kinds.DeviceRequest(class: "training", compute: Quantity(parsing: compute))
        #expect(try fields(job(slice: Kinds.SliceRequest(devices: [device]))) == ["spec.slice.devices[0].compute"])
    }

    @Test func `variables of Tidemill are reserved`() throws {
        let template = Kinds.TaskTemplate(command: ["true"], env: [.init(name: "A"), .init(name: "TIDEMILL_RANK")])
        #expect(try fields(job(template: template)) == ["spec.template.env[1].name"])
    }

    @Test func `no argument holds a zero byte`() throws {
        let template = Kinds.TaskTemplate(command: ["true", "a\0b"], env: [.init(name: "A", value: "\0")])
        #expect(try fields(job(template: template)) == ["spec.template.command[1]", "spec.template.env[0].value"])
    }

    @Test func `the command names a program`() throws {
        #expect(try fields(job(template: Kinds.TaskTemplate(command: [""]))) == ["spec.template.command[0]"])
    }

    @Test func `arguments that no kernel takes are refused`() throws {
        let long = String(repeating: "x", count: 131_072)
        #expect(try fields(job(template: Kinds.TaskTemplate(command: ["true", long]))) == ["spec.template.command[1]"])
        let many = Array(repeating: String(repeating: "x", count: 100_000), count: 11)
        #expect(try fields(job(template: Kinds.TaskTemplate(command: ["true"] + many))) == ["spec.template"])
    }

    @Test(arguments: [("1499ms", false), ("1.5s", true), ("60s", true)])
    func `silence lasts at least a second and a half`(_ after: String, _ fine: Bool) throws {
        let policy = try Kinds.OnDisconnect(policy: .stop, after: APIDuration(parsing: after))
        #expect(try fields(job(onDisconnect: policy)) == (fine ? [] : ["spec.onDisconnect.after"]))
    }

    @Test func `keep has no deadline`() throws {
        let policy = try Kinds.OnDisconnect(policy: .keep, after: APIDuration(parsing: "60s"))
        #expect(try fields(job(onDisconnect: policy)) == ["spec.onDisconnect.after"])
    }

    @Test func `the default of onDisconnect follows preemptibility`() throws {
        #expect(try job().effectiveOnDisconnect == Kinds.OnDisconnect(policy: .keep))
        let minute = APIDuration(.seconds(60))
        #expect(
            try job(preemptibility: .preemptible).effectiveOnDisconnect
                == Kinds.OnDisconnect(policy: .stop, after: minute))
        #expect(
            try job(onDisconnect: Kinds.OnDisconnect(policy: .stop)).effectiveOnDisconnect
                == Kinds.OnDisconnect(policy: .stop, after: minute))
        #expect(
            try job(preemptibility: .preemptible, onDisconnect: .init(policy: .keep)).effectiveOnDisconnect
                .effectiveAfter == nil)
    }

    @Test(arguments: [("999ms", false), ("0s", false), ("1s", true), ("1h", true)])
    func `evictions are counted over at least a second`(_ per: String, _ fine: Bool) throws {
        var job = try job()
        job.spec.disruptionBudget = Kinds.DisruptionBudget(evictions: 1, per: try APIDuration(parsing: per))
        #expect(fields(job) == (fine ? [] : ["spec.disruptionBudget.per"]))
        #expect(Kinds.DisruptionBudget(evictions: 0).effectivePer == .seconds(3600))
    }
}
