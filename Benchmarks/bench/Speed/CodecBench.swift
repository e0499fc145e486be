import TidemillWire

/// JSON decode and encode of an object of about 1.3 KB, on one core.
enum CodecBench {
    static func rows() throws -> [Row] {
        let tree = sample
        let bytes = tree.bytes
        let decode = try perSecond { _ = try JSON.parse(bytes) }
        let encode = perSecond { _ = tree.bytes }
        let note = "\(bytes.count) bytes, median of 5 runs"
        return [
            Row(name: "JSON decode, one core", value: decode, unit: "objects/s", aim: .atLeast(80_000), note: note),
            Row(name: "JSON encode, one core", value: encode, unit: "objects/s", aim: .atLeast(120_000), note: note),
        ]
    }

    private static func perSecond(_ work: () throws -> Void) rethrows -> Double {
        let clock = ContinuousClock()
        var rates: [Double] = []
        for _ in 0..<5 {
            let began = clock.now
            for _ in 0..<20_000 { try work() }
            rates.append(20_000 / ((clock.now - began) / .seconds(1)))
        }
        return median(rates)
    }

    /// A Slice as the agent reports it, of the size that most objects have.
    static let sample: JSON = [
        "apiVersion": "tidemill.dev/v1alpha1", "kind": "Slice",
        "metadata": [
            "name": "finetune-1-0", "namespace": "lab-a", "uid": "0b9f1a52-6d0c-4f0e-9b1d-3a4c5d6e7f80",
            "resourceVersion": "184467", "generation": 1, "creationTimestamp": "2026-11-21T03:35:29Z",
            "labels": [
                "tidemill.dev/job": "finetune", "tidemill.dev/attempt": "1", "tidemill.dev/index": "0",
                "app.kubernetes.io/name": "finetune",
            ],
            "ownerReferences": [
                [
                    "apiVersion": "tidemill.dev/v1alpha1", "kind": "Job", "name": "finetune",
                    "uid": "4c0cbe2a-1f6a-4a53-8f0f-6a0e7b8c9d10", "controller": true,
                ]
            ],
            "finalizers": ["tidemill.dev/release"],
        ],
        "spec": [
            "request": [
                "devices": [["class": "training", "memory": "20Gi", "compute": "50%", "isolation": "enforced"]]
            ],
            "member": [
                "job": "finetune", "jobUID": "4c0cbe2a-1f6a-4a53-8f0f-6a0e7b8c9d10", "index": 0, "attempt": 1,
                "size": 4,
            ],
            "onDisconnect": ["policy": "stop", "after": "60s"], "preemptibility": "preemptible",
        ],
        "status": [
            "state": "Active",
            "grant": [
                "node": "n1", "bootID": "f2d8c7b6-5a49-4838-a726-15040f3e2d1c", "epoch": 4711, "token": 184460,
                "sliceUID": "0b9f1a52-6d0c-4f0e-9b1d-3a4c5d6e7f80",
                "shares": [
                    [
                        "device": "n1-gpu0", "memory": "20Gi", "compute": "50%", "cardUnits": "1/2",
                        "isolation": "enforced",
                    ]
                ],
                "policy": "stop", "after": "60s",
            ],
            "isolation": "enforced", "activeAt": "2026-11-21T03:35:30Z",
            "conditions": [
                [
                    "type": "SliceEnforced", "status": "True", "observedGeneration": 1,
                    "lastTransitionTime": "2026-11-21T03:35:30Z", "reason": "Probed",
                    "message": "cpuset 0-3, quota 400000/100000, memory 17179869184 without swap, pids 4096",
                ]
            ],
        ],
    ]
}
