import Testing
import TidemillModel

@Suite struct FieldErrorTests {
    @Test func `mistakes read as in Kubernetes`() {
        #expect(FieldError.required("spec.slice").description == "spec.slice: Required value")
        #expect(FieldError.required("a", "name it").message == "Required value: name it")
        #expect(FieldError.invalid("a", "x", "must be y").message == #"Invalid value: "x": must be y"#)
        #expect(FieldError.invalid("a", 3, "must be y").message == "Invalid value: 3: must be y")
        #expect(FieldError.duplicate("a", "x").message == #"Duplicate value: "x""#)
        #expect(FieldError.unknown("spec.bogus").message == #"unknown field "spec.bogus""#)
        #expect(
            FieldError.notSupported("a", "x", supported: ["b", "c"]).message
                == #"Unsupported value: "x": supported values: "b", "c""#)
        #expect(FieldError.tooMany("a", count: 9, limit: 8).message == "Too many: 9: must have at most 8 items")
    }

    @Test func `a value is shown quoted and cut`() {
        let error = FieldError.invalid("a", "x\"\n" + String(repeating: "y", count: 1000), "no")
        #expect(error.message.hasPrefix(#"Invalid value: "x\"\ny"#))
        #expect(error.message.utf8.count < 260)
    }
}
