extension Kinds.DeviceClass {
    /// Name of the class of NUMA domains; it always exists.
    package static let cpu = "cpu"

    package func validate(old: Self?) -> [FieldError] {
        spec.isolation.enumerated().compactMap { index, grade in
            Kinds.IsolationGrade(rawValue: grade) == nil
                ? .notSupported(
                    "spec.isolation[\(index)]", grade, supported: Kinds.IsolationGrade.allCases.map(\.rawValue)) : nil
        }
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
