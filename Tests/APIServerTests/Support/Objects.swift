/// Where things are.
enum Path {
    static let group = "/apis/tidemill.dev/v1alpha1"
    static let jobs = group + "/namespaces/default/jobs"
    static let slices = group + "/namespaces/default/slices"
    static let tasks = group + "/namespaces/default/tasks"
    static let nodes = group + "/nodes"
    static let devices = group + "/devices"
    static let deviceClasses = group + "/deviceclasses"
}

/// A job as a client would send it. `extra` is spliced into its spec.
func jobText(_ name: String, extra: String = "", metadata: String = "") -> String {
    """
    {"apiVersion":"tidemill.dev/v1alpha1","kind":"Job","metadata":{"name":"\(name)"\(metadata)},
     "spec":{"slice":{"cpu":"250m","memory":"512Mi"},"template":{"command":["/bin/true"]}\(extra)}}
    """
}

/// A node as its agent would send it.
func nodeText(_ name: String) -> String {
    #"{"apiVersion":"tidemill.dev/v1alpha1","kind":"Node","metadata":{"name":"\#(name)"},"spec":{}}"#
}

let tableAccept = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
