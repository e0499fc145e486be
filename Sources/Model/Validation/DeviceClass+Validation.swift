extension Kinds.DeviceClass {
    /// Name of the class of NUMA domains; it always exists.
    package static let cpu = "cpu"

    package func validate(old: Self?) -> [FieldError] {
        var errors: [FieldError] = spec.isolation.enumerated().compactMap { index, grade in
            Kinds.IsolationGrade(rawValue: grade) == nil
                ? .notSupported(
                    "spec.isolation[\(index)]", grade, supported: Kinds.IsolationGrade.allCases.map(\.rawValue)) : nil
        }
        errors += spec.selector.attributes.problems(at: "spec.selector.attributes")
        if let price = spec.price, price.fraction <= .zero {
            errors.append(.invalid("spec.price", price.text, "must be more than 0"))
        }
        return errors
    }
}

extension Kinds.Device {
    package func validate(old: Self?) -> [FieldError] {
        status.isolation.enumerated().compactMap { index, grade in
            Kinds.IsolationGrade(rawValue: grade) == nil
                ? .notSupported(
                    "status.isolation[\(index)]", grade, supported: Kinds.IsolationGrade.allCases.map(\.rawValue)) : nil
        }
    }
}
