import Testing
import TidemillModel

@Suite struct KindsTests {
    @Test func `every kind of the first version is there`() {
        #expect(
            Kinds.all.map(\.groupKind).sorted() == [
                "Device.tidemill.dev", "DeviceClass.tidemill.dev", "Event", "Job.tidemill.dev",
                "Lease.coordination.k8s.io",
                "Namespace", "Node.tidemill.dev", "PlacementReview.tidemill.dev", "Slice.tidemill.dev",
                "Task.tidemill.dev",
            ])
        #expect(Kinds.Job.info.apiVersion == "tidemill.dev/v1alpha1")
        #expect(Kinds.Namespace.info.apiVersion == "v1")
        #expect(Kinds.Job.info.groupResource == "jobs.tidemill.dev")
        #expect(Kinds.Namespace.info.groupResource == "namespaces")
    }

    @Test func `plurals and short names are unique`() {
        let names = Kinds.all.flatMap { [$0.plural] + $0.shortNames }
        #expect(Set(names).count == names.count)
    }

    @Test func `every type that a field names exists`() {
        for type in Array(Kinds.types.values) + Kinds.all.map(\.schema) {
            for field in type.fields {
                var wanted = field.type
                while true {
                    if case .list(let item) = wanted {
                        wanted = item
                    } else if case .map(let value) = wanted {
                        wanted = value
                    } else {
                        break
                    }
                }
                if case .object(let name) = wanted { #expect(Kinds.types[name] != nil, "\(type.name).\(field.name)") }
            }
        }
    }

    @Test(arguments: Kinds.all)
    func `columns and selectable fields stand on fields of the schema`(_ kind: KindInfo) {
        for path in kind.columns.map(\.path) + kind.selectableFields.map({ $0.split(separator: ".").map(String.init) })
        {
            #expect(resolves(path, in: kind), "\(kind.kind): \(path.joined(separator: "."))")
        }
    }

    @Test func `a list key is a required field of the items`() {
        for type in Kinds.types.values {
            for field in type.fields {
                guard let key = field.listKey else { continue }
                guard case .list(.object(let item)) = field.type else {
                    Issue.record("\(type.name).\(field.name) has a list key but no objects")
                    continue
                }
                #expect(Kinds.types[item]?.field(key)?.required == true, "\(type.name).\(field.name)")
            }
        }
    }

    private func resolves(_ path: [String], in kind: KindInfo) -> Bool {
        if path.first == "metadata" { return path.count == 2 }
        var type: FieldType = .object("")
        var schema: SchemaType? = kind.schema
        for step in path {
            if Int(step) != nil, case .list(let item) = type {
                type = item
            } else if let field = schema?.field(step) {
                type = field.type
            } else {
                return false
            }
            if case .object(let name) = type { schema = Kinds.types[name] } else { schema = nil }
        }
        return true
    }
}
