import Testing
import TidemillClient
import TidemillModel
import TidemillSeams
import TidemillWire

@testable import tidemill

@Suite struct TextTableTests {
    @Test func `columns stand three apart and nothing trails`() {
        let table = TextTable(header: ["NAME", "A", "AGE"], rows: [["hello", "1", "5s"], ["x", "long one", ""]])
        #expect(table.lines() == ["NAME    A          AGE", "hello   1          5s", "x       long one"])
    }
}

@Suite struct ServerTableTests {
    private let json: JSON = [
        "kind": "Table",
        "columnDefinitions": [
            ["name": "Name", "priority": 0], ["name": "Status", "priority": 0], ["name": "Nodes", "priority": 1],
        ],
        "rows": [
            [
                "cells": ["hello", "Running", .null],
                "object": ["metadata": ["name": "hello", "namespace": "lab", "labels": ["b": "2", "a": "1"]]],
            ]
        ],
    ]

    @Test func `wide columns are shown when asked for`() throws {
        let table = try #require(ServerTable(json: json))
        #expect(TableStyle().text(table).lines() == ["NAME    STATUS", "hello   Running"])
        #expect(
            TableStyle(isWide: true).text(table).lines() == ["NAME    STATUS    NODES", "hello   Running   <none>"])
    }

    @Test func `namespaces, labels and kinds go around the columns`() throws {
        let table = try #require(ServerTable(json: json))
        let style = TableStyle(showsNamespace: true, showsLabels: true, prefix: Kinds.Job.info)
        #expect(style.text(table).rows == [["lab", "job.tidemill.dev/hello", "Running", "a=1,b=2"]])
    }

    @Test func `the state is painted in its place`() throws {
        let table = try #require(ServerTable(json: json))
        let terminal = Terminal(isTerminal: true, hasColors: true, columns: 80, rows: 24)
        let line = TableStyle().painted(["hello", "Running"], columns: table.columns, widths: [5, 7], on: terminal)
        #expect(line == "hello   \u{1B}[32mRunning\u{1B}[0m")
        let plain = Terminal(isTerminal: false, hasColors: false, columns: 80, rows: 24)
        #expect(
            TableStyle().painted(["hello", "Running"], columns: table.columns, widths: [5, 7], on: plain)
                == "hello   Running")
    }

    @Test func `a Status is no table`() {
        #expect(ServerTable(json: ["kind": "Status"]) == nil)
    }
}

@Suite struct DescriptionTests {
    @Test func `shows metadata, the tree, conditions and events`() throws {
        let object: JSON = [
            "metadata": [
                "name": "x", "namespace": "lab", "creationTimestamp": "2026-11-21T03:00:00Z",
                "annotations": [.init(ApplyPlan.annotation): "{}", "a": "b"],
            ],
            "spec": [
                "slice": ["devices": [["class": "cpu", "memory": "512Mi"]]],
                "template": ["command": ["sh", "-c", "a\nb\n"]],
            ],
            "status": [
                "state": "Running", "conditions": [["type": "Scheduled", "status": "True", "reason": "Granted"]],
            ],
        ]
        let now = try #require(Timestamp(parsing: "2026-11-21T03:05:00Z"))
        let events: [JSON] = [
            ["type": "Normal", "reason": "Started", "message": "gang started", "source": ["component": "controller"]]
        ]
        let text = Description(kind: Kinds.Job.info, object: object, events: events, now: now).lines().joined(
            separator: "\n")
        #expect(
            text == """
                Name:           x
                Namespace:      lab
                Labels:         <none>
                Annotations:    a=b
                API Version:    tidemill.dev/v1alpha1
                Kind:           Job
                Created:        2026-11-21T03:00:00Z (5m ago)
                Spec:
                  Slice:
                    Devices:
                      - Class:          cpu
                        Memory:         512Mi
                  Template:
                    Command:
                      sh
                      -c
                      a
                      b
                Status:
                  State:                Running
                Conditions:
                  Type        Status   Reason    Since   Message
                  Scheduled   True     Granted
                Events:
                  Type     Reason    Age         From         Message
                  Normal   Started   <unknown>   controller   gang started
                """)
    }

    @Test func `a node shows its taints, its drain and what it holds`() throws {
        let object: JSON = [
            "metadata": ["name": "a"],
            "spec": [
                "taints": [
                    ["key": "k", "value": "v", "effect": "NoExecute", "timeAdded": "2026-11-21T03:00:00Z"],
                    ["key": "m", "effect": "NoSchedule"],
                ],
                "drain": ["force": true, "timeout": "60s", "maxConcurrent": 2, "startedAt": "2026-11-21T03:03:00Z"],
            ],
        ]
        let now = try #require(Timestamp(parsing: "2026-11-21T03:05:00Z"))
        let slice = Kinds.Slice(
            metadata: ObjectMeta(name: "j-1-0", namespace: "lab"),
            spec: Kinds.SliceSpec(
                request: Kinds.SliceRequest(), onDisconnect: Kinds.OnDisconnect(policy: .keep)),
            status: Kinds.SliceStatus(state: .releasing, reason: "Drained"))
        var description = Description(kind: Kinds.Node.info, object: object, events: [], now: now, slices: [slice])
        let lines = description.lines()
        #expect(lines.contains("  Taints:               k=v:NoExecute since 5m, m:NoSchedule"))
        #expect(lines.contains("  Drain:                since 2m, forced after 60s, at most 2 at once"))
        #expect(lines.contains("  lab         j-1-0   Releasing   nonPreemptible                   Drained"))
        description.slices = []
        #expect(description.lines().contains("Slices:         <none>"))
    }

    @Test(arguments: [
        ("state", "State"), ("observedGeneration", "Observed Generation"), ("bootID", "Boot ID"), ("cpus", "Cpus"),
    ])
    func `names members for people`(key: String, title: String) {
        #expect(Description.title(key) == title)
    }
}

@Suite struct FailureTests {
    @Test func `an invalid object is told field by field`() {
        let errors = [
            FieldError(
                field: "spec.retries", reason: .invalid, value: "-1", message: "Invalid value: -1: must be at least 0")
        ]
        let failure = Failure(.api(.invalid(kind: "Job.tidemill.dev", name: "x", errors: errors)))
        #expect(failure.message == "The Job \"x\" is invalid: spec.retries: Invalid value: -1: must be at least 0")
    }

    @Test func `a refusal names its reason`() {
        let failure = Failure(.api(.notFound(resource: "jobs.tidemill.dev", name: "x")))
        #expect(failure.message == "Error from server (NotFound): jobs.tidemill.dev \"x\" not found")
    }

    @Test func `a server out of reach comes with the way out`() {
        #expect(Failure(.unreachable("127.0.0.1:1: connection refused")).message.contains("`tidemill up` starts one"))
    }
}
