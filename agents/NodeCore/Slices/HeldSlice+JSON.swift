import TidemillLease
import TidemillModel
import TidemillSeams
import TidemillWire

/// The form in which the journal keeps a held slice. Times are nanoseconds since 1970, so that metering stays exact.
extension HeldSlice {
    package var json: JSON {
        var json: JSON = [
            "uid": .string(uid.rawValue), "namespace": .string(namespace), "name": .string(name),
            "grant": grant.json, "phase": phase.json,
        ]
        if let member { json["member"] = member.json }
        if let stop {
            json["stop"] = ["reason": .string(stop.reason)]
            if let message = stop.message { json["stop"]?["message"] = .string(message) }
        }
        json["plan"] = plan?.json
        json["proof"] = proof?.json
        json["obstacle"] = obstacle?.json
        return json
    }

    /// Nil when the entry is not one that this version wrote.
    package init?(json: JSON) {
        guard let uid = json["uid"]?.string, let namespace = json["namespace"]?.string, let name = json["name"]?.string,
            let grant = json["grant"].flatMap(SliceGrant.init(json:)),
            let phase = json["phase"].flatMap(Phase.init(json:))
        else { return nil }
        self.init(
            uid: SliceUID(uid), namespace: namespace, name: name,
            member: json["member"].flatMap(SliceMember.init(json:)),
            grant: grant, phase: phase)
        if let reason = json.at(["stop", "reason"])?.string {
            stop = StopRequest(reason: reason, message: json.at(["stop", "message"])?.string)
        }
        plan = json["plan"].flatMap(SlicePlan.init(json:))
        proof = json["proof"].flatMap(SliceProof.init(json:))
        obstacle = json["obstacle"].flatMap(ReleaseObstacle.init(json:))
        // Half a plan would undo half of what was done.
        if plan == nil, json["plan"] != nil { return nil }
    }
}

extension HeldSlice.Phase {
    var json: JSON {
        switch self {
        case .preparing: return ["is": "preparing"]
        case .prepared: return ["is": "prepared"]
        case .starting: return ["is": "starting"]
        case .active(let task):
            var json: JSON = [
                "is": "active", "shim": .integer(Int64(task.shim.pid)), "shimTicks": .integer(task.shim.startTicks),
                "pid": .integer(Int64(task.pid)), "startedAt": task.startedAt.json,
                "unenforced": .array(task.unenforced.map { .string($0) }),
            ]
            json["seenAt"] = task.seenAt.map { .integer($0.nanoseconds) }
            return json
        case .emptying(let startedAt, let outcome):
            var json: JSON = ["is": "emptying"]
            json["startedAt"] = startedAt?.json
            json["outcome"] = outcome?.json
            return json
        case .released(let release):
            var json: JSON = ["is": "released", "releasedAt": release.releasedAt.json]
            json["startedAt"] = release.startedAt?.json
            json["outcome"] = release.outcome?.json
            json["scrub"] = release.scrub?.json
            return json
        }
    }

    init?(json: JSON) {
        let startedAt = json["startedAt"].flatMap(WallTime.init(json:))
        let outcome = json["outcome"].flatMap(TaskOutcome.init(json:))
        switch json["is"]?.string {
        case "preparing": self = .preparing
        case "prepared": self = .prepared
        case "starting": self = .starting
        case "active":
            guard let shim = json["shim"]?.integer, let ticks = json["shimTicks"]?.integer,
                let pid = json["pid"]?.integer, let startedAt
            else { return nil }
            let identity = ProcessIdentity(pid: Int32(truncatingIfNeeded: shim), startTicks: ticks)
            let unenforced = json["unenforced"]?.array?.compactMap(\.string) ?? []
            self = .active(
                RunningTask(
                    shim: identity, pid: Int32(truncatingIfNeeded: pid), startedAt: startedAt, unenforced: unenforced,
                    seenAt: json["seenAt"]?.integer.map(Instant.init(nanoseconds:))))
        case "emptying": self = .emptying(startedAt: startedAt, outcome: outcome)
        case "released":
            guard let releasedAt = json["releasedAt"].flatMap(WallTime.init(json:)) else { return nil }
            self = .released(
                .init(
                    startedAt: startedAt, releasedAt: releasedAt, outcome: outcome,
                    scrub: json["scrub"].flatMap(ScrubRecord.init(json:))))
        default: return nil
        }
    }
}

extension SliceGrant {
    var json: JSON {
        var json: JSON = [
            "bootID": .string(bootID.rawValue), "epoch": .integer(epoch.rawValue), "token": .integer(token.rawValue),
            "shares": .array(shares.map(\.json)),
        ]
        json["stopAfter"] = stopAfter.map { .integer($0.wholeNanoseconds) }
        return json
    }

    init?(json: JSON) {
        guard let bootID = json["bootID"]?.string, let epoch = json["epoch"]?.integer,
            let token = json["token"]?.integer, let shares = json["shares"]?.array
        else { return nil }
        self.init(
            bootID: BootID(bootID), epoch: Epoch(epoch), token: Token(token),
            shares: shares.compactMap(HeldShare.init(json:)),
            stopAfter: json["stopAfter"]?.integer.map { .nanoseconds($0) })
    }
}

extension HeldShare {
    var json: JSON {
        var json: JSON = ["device": .string(device.rawValue), "cardUnits": .string(cardUnits.description)]
        json["milliCPU"] = milliCPU.map { .integer($0) }
        json["memoryBytes"] = memoryBytes.map { .integer($0) }
        json["compute"] = compute.map { .string($0.description) }
        return json
    }

    init?(json: JSON) {
        guard let device = json["device"]?.string,
            let units = json["cardUnits"]?.string.flatMap(Rational.init(parsing:))
        else { return nil }
        self.init(
            device: DeviceID(device), milliCPU: json["milliCPU"]?.integer, memoryBytes: json["memoryBytes"]?.integer,
            compute: json["compute"]?.string.flatMap(Rational.init(parsing:)), cardUnits: units)
    }
}

extension SliceMember {
    var json: JSON {
        [
            "job": .string(job), "jobUID": .string(jobUID.rawValue), "index": .integer(index),
            "attempt": .integer(attempt), "size": .integer(size),
        ]
    }

    init?(json: JSON) {
        guard let job = json["job"]?.string, let uid = json["jobUID"]?.string, let index = json["index"]?.integer,
            let attempt = json["attempt"]?.integer, let size = json["size"]?.integer
        else { return nil }
        self.init(job: job, jobUID: JobUID(uid), index: index, attempt: attempt, size: size)
    }
}

extension TaskOutcome {
    var json: JSON {
        var json: JSON = ["state": .string(state.rawValue), "reason": .string(reason), "message": .string(message)]
        json["exitCode"] = exitCode.map { .integer($0) }
        json["signal"] = signal.map { .integer($0) }
        json["startedAt"] = startedAt?.json
        json["finishedAt"] = finishedAt?.json
        json["ranFor"] = ranFor.map { .integer($0.wholeNanoseconds) }
        return json
    }

    init?(json: JSON) {
        guard let state = json["state"]?.string.flatMap(Kinds.TaskState.init(rawValue:)),
            let reason = json["reason"]?.string, let message = json["message"]?.string
        else { return nil }
        self.init(
            state: state, exitCode: json["exitCode"]?.integer, signal: json["signal"]?.integer, reason: reason,
            message: message, startedAt: json["startedAt"].flatMap(WallTime.init(json:)),
            finishedAt: json["finishedAt"].flatMap(WallTime.init(json:)),
            ranFor: json["ranFor"]?.integer.map { .nanoseconds($0) })
    }
}

extension WallTime {
    fileprivate var json: JSON { .integer(nanosecondsSince1970) }

    fileprivate init?(json: JSON) {
        guard let nanoseconds = json.integer else { return nil }
        self.init(nanosecondsSince1970: nanoseconds)
    }
}
