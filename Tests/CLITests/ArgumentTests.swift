import Testing
import TidemillModel
import TidemillWire

@testable import tidemill

@Suite struct ObjectArgumentsTests {
    private func spelled(_ words: [String]) throws -> [String] {
        try ObjectArguments(parsing: words).targets.map { "\($0.kind.plural):\($0.names.joined(separator: "+"))" }
    }

    @Test(arguments: [
        (["jobs"], ["jobs:"]),
        (["job"], ["jobs:"]),
        (["JB"], ["jobs:"]),
        (["Job", "a", "b"], ["jobs:a+b"]),
        (["jobs.tidemill.dev", "a"], ["jobs:a"]),
        (["job.v1alpha1.tidemill.dev", "a"], ["jobs:a"]),
        (["job/a", "slice/b", "job/c"], ["jobs:a+c", "slices:b"]),
        (["jobs,nodes,job"], ["jobs:", "nodes:"]),
        (["ns"], ["namespaces:"]),
        (["all"], ["jobs:", "slices:", "tasks:"]),
    ])
    func `understands what kubectl understands`(words: [String], expected: [String]) throws {
        #expect(try spelled(words) == expected)
    }

    @Test(arguments: [
        ([], "name what you mean"),
        (["pods"], "the server doesn't have a resource type \"pods\""),
        (["job/"], "write KIND/NAME"),
        (["job/a", "b"], "write KIND/NAME"),
        (["jobs,nodes/a"], "name one kind before the slash"),
        (["core.jobs"], "doesn't have a resource type"),
    ])
    func `refuses the rest in a sentence`(words: [String], part: String) {
        #expect { try ObjectArguments(parsing: words) } throws: { error in
            (error as? Failure)?.message.contains(part) == true
        }
    }
}

@Suite struct WaitConditionTests {
    @Test(
        arguments: [
            ("condition=Ready", .condition(type: "Ready", status: "True")),
            ("condition=Ready=False", .condition(type: "Ready", status: "False")),
            ("state=Succeeded", .value(path: ["status", "state"], wanted: "Succeeded")),
            ("jsonpath={.status.state}=Running", .value(path: ["status", "state"], wanted: "Running")),
            (
                "jsonpath={.status.grant.shares[0].device}=n-cpu0",
                .value(path: ["status", "grant", "shares", "0", "device"], wanted: "n-cpu0")
            ),
            ("delete", .deletion),
            ("create", .creation),
        ] as [(String, WaitCondition)])
    func `reads what kubectl reads, and states`(text: String, expected: WaitCondition) throws {
        #expect(try WaitCondition(parsing: text) == expected)
    }

    @Test(arguments: ["", "ready", "condition=", "state=", "jsonpath=.status=x", "jsonpath={}=x", "delete=now"])
    func `refuses the rest`(text: String) {
        #expect(throws: Failure.self) { try WaitCondition(parsing: text) }
    }

    private func verdict(_ condition: WaitCondition, _ object: JSON?) -> String {
        switch condition.judge(object, kind: Kinds.Job.info, name: "x") {
        case .goOn: "goOn"
        case .holds: "holds"
        case .never(let why): why
        }
    }

    @Test func `a job that ended otherwise ends the wait`() {
        let wait = WaitCondition.value(path: ["status", "state"], wanted: "Succeeded")
        #expect(verdict(wait, ["status": ["state": "Running"]]) == "goOn")
        #expect(verdict(wait, ["status": ["state": "Succeeded"]]) == "holds")
        #expect(
            verdict(wait, ["status": ["state": "Failed", "reason": "MemoryLimitExceeded"]])
                == "job.tidemill.dev/x is Failed (MemoryLimitExceeded), and stays so")
        #expect(verdict(wait, nil) == "jobs.tidemill.dev \"x\" not found")
    }

    @Test func `conditions are compared without regard to case`() {
        let wait = WaitCondition.condition(type: "complete", status: "true")
        #expect(verdict(wait, ["status": ["conditions": [["type": "Complete", "status": "True"]]]]) == "holds")
        #expect(verdict(wait, ["status": ["conditions": [["type": "Complete", "status": "False"]]]]) == "goOn")
        #expect(verdict(wait, [:]) == "goOn")
    }

    @Test func `deletion holds when the object is gone`() {
        #expect(verdict(.deletion, nil) == "holds")
        #expect(verdict(.deletion, ["status": ["state": "Succeeded"]]) == "goOn")
    }
}

@Suite struct WaitTimeTests {
    @Test(arguments: [("30s", 30), ("1m30s", 90), ("5", 5), ("0s", 0)])
    func `reads durations`(text: String, seconds: Int) {
        #expect(WaitTime(argument: text)?.duration == .seconds(seconds))
    }

    @Test(arguments: ["", "soon", "5 apples", "-3"])
    func `refuses the rest`(text: String) {
        #expect(WaitTime(argument: text) == nil)
    }
}

@Suite struct UnknownVerbTests {
    @Test(arguments: [
        (["drian", "n1"], "there is no `tidemill drian`: did you mean `tidemill drain`?"),
        (["untaint", "n1", "k"], "there is no `tidemill untaint`: `tidemill taint NODE KEY-` removes a taint"),
        (["frobnicate"], "there is no `tidemill frobnicate`: `tidemill --help` lists what there is"),
        (
            ["node", "confirm-ded"],
            "there is no `tidemill node confirm-ded`: did you mean `tidemill node confirm-dead`?"
        ),
    ])
    func `a mistyped verb is told in a sentence`(words: [String], message: String) {
        #expect(UnknownVerb.find(in: words)?.failure.message == message)
    }

    @Test(arguments: [
        [], ["--help"], ["help", "drain"], ["drain", "drian"], ["node"], ["node", "confirm-dead", "x"],
    ])
    func `what there is, is left alone`(words: [String]) {
        #expect(UnknownVerb.find(in: words) == nil)
    }
}
