extension Status {
    /// The document that goes over the wire.
    package var json: JSON {
        var object: JSONObject = [
            "kind": "Status", "apiVersion": "v1", "metadata": [:], "status": isSuccess ? "Success" : "Failure",
        ]
        if !message.isEmpty { object.append("message", .string(message)) }
        if !reason.isEmpty { object.append("reason", .string(reason)) }
        if let details { object.append("details", details.json) }
        object.append("code", .integer(Int64(code)))
        return .object(object)
    }

    /// Nil when `json` is no Status. What a server leaves out is empty.
    package init?(json: JSON) {
        guard json["kind"]?.string == "Status", let outcome = json["status"]?.string else { return nil }
        self.init(
            isSuccess: outcome == "Success", reason: json["reason"]?.string ?? "",
            message: json["message"]?.string ?? "",
            details: json["details"]?.object.map(Details.init(object:)), code: Int(json["code"]?.integer ?? 0))
    }
}

extension Status.Details {
    fileprivate var json: JSON {
        var object = JSONObject()
        if !name.isEmpty { object.append("name", .string(name)) }
        if !group.isEmpty { object.append("group", .string(group)) }
        if !kind.isEmpty { object.append("kind", .string(kind)) }
        if !uid.isEmpty { object.append("uid", .string(uid)) }
        if !causes.isEmpty { object.append("causes", .array(causes.map(\.json))) }
        if retryAfterSeconds > 0 { object.append("retryAfterSeconds", .integer(Int64(retryAfterSeconds))) }
        return .object(object)
    }

    fileprivate init(object: JSONObject) {
        self.init(
            name: object["name"]?.string ?? "", group: object["group"]?.string ?? "",
            kind: object["kind"]?.string ?? "", uid: object["uid"]?.string ?? "",
            causes: (object["causes"]?.array ?? []).compactMap(\.object).map(Status.Cause.init(object:)),
            retryAfterSeconds: Int(object["retryAfterSeconds"]?.integer ?? 0))
    }
}

extension Status.Cause {
    fileprivate var json: JSON {
        var object = JSONObject()
        if !reason.isEmpty { object.append("reason", .string(reason)) }
        if !message.isEmpty { object.append("message", .string(message)) }
        if !field.isEmpty { object.append("field", .string(field)) }
        return .object(object)
    }

    fileprivate init(object: JSONObject) {
        self.init(
            reason: object["reason"]?.string ?? "", message: object["message"]?.string ?? "",
            field: object["field"]?.string ?? "")
    }
}
