extension Kinds.PlacementReview {
    package func validate(old: Self?) -> [FieldError] {
        switch (spec.jobName, spec.job) {
        case (nil, let job?): job.problems(at: "spec.job")
        case (_?, nil): []
        case (_?, _?): [.forbidden("spec.job", "name either jobName or job, not both")]
        case (nil, nil): [.required("spec", "name a job of the namespace with jobName, or write one with job")]
        }
    }
}
