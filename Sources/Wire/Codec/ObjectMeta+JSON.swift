import TidemillModel

extension ObjectMeta: WireValue {
    package init(json: JSON) throws(DecodeFailure) {
        let reader = try ObjectReader(json)
        self.init(
            name: try reader.value("name", default: ""),
            generateName: try reader.value("generateName", default: ""),
            namespace: try reader.value("namespace", default: ""),
            uid: try reader.value("uid", default: ""),
            resourceVersion: try reader.optional("resourceVersion"),
            generation: try reader.value("generation", default: 0),
            creationTimestamp: try reader.optional("creationTimestamp"),
            deletionTimestamp: try reader.optional("deletionTimestamp"),
            deletionGracePeriodSeconds: try reader.optional("deletionGracePeriodSeconds"),
            labels: try reader.map("labels"),
            annotations: try reader.map("annotations"),
            ownerReferences: try reader.list("ownerReferences"),
            finalizers: try reader.list("finalizers"))
    }

    package var json: JSON {
        var writer = ObjectWriter()
        writer.put("name", nonEmpty(name))
        writer.put("generateName", nonEmpty(generateName))
        writer.put("namespace", nonEmpty(namespace))
        writer.put("uid", nonEmpty(uid))
        writer.put("resourceVersion", resourceVersion)
        writer.put("generation", generation == 0 ? nil : generation)
        writer.put("creationTimestamp", creationTimestamp)
        writer.put("deletionTimestamp", deletionTimestamp)
        writer.put("deletionGracePeriodSeconds", deletionGracePeriodSeconds)
        writer.put("labels", labels)
        writer.put("annotations", annotations)
        writer.put("ownerReferences", ownerReferences)
        writer.put("finalizers", finalizers)
        return writer.json
    }

    private func nonEmpty(_ text: String) -> String? { text.isEmpty ? nil : text }
}

extension OwnerReference: WireValue {
    package init(json: JSON) throws(DecodeFailure) {
        let reader = try ObjectReader(json)
        self.init(
            apiVersion: try reader.required("apiVersion"),
            kind: try reader.required("kind"),
            name: try reader.required("name"),
            uid: try reader.required("uid"),
            controller: try reader.optional("controller"),
            blockOwnerDeletion: try reader.optional("blockOwnerDeletion"))
    }

    package var json: JSON {
        var writer = ObjectWriter()
        writer.put("apiVersion", apiVersion)
        writer.put("kind", kind)
        writer.put("name", name)
        writer.put("uid", uid)
        writer.put("controller", controller)
        writer.put("blockOwnerDeletion", blockOwnerDeletion)
        return writer.json
    }
}
