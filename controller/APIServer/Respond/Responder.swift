import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import TidemillDaemon
import TidemillModel
import TidemillSeams
import TidemillStore
import TidemillWire

/// Answers each request: who is it, what does the path name, call the route, write the reply. Every failure is a Status.
struct Responder: Sendable {
    let kinds: KindTable
    let discovery: Discovery
    let objects: ObjectRoutes
    let lists: ListRoute
    let watches: WatchRoute
    let reviews: ReviewRoute
    let agents: AgentRoutes
    let backups: BackupRoute
    let placement: PlacementRoute
    let leases: (any NodeLeaseSource)?
    let metrics: PrometheusMetrics?
    let requests: RequestMetrics
    let limits: ServerLimits
    let time: any TimeSource
    let logger: Logger

    func respond(_ request: Request, _ writer: consuming ResponseWriter, _ channel: any Channel) async throws {
        let began = time.now()
        let reply = await reply(to: request, channel)
        requests.record(code: reply.status.code, nanoseconds: time.now().nanoseconds - began.nanoseconds)
        try await reply.write(to: writer, withoutBody: request.method == .head)
    }

    private func reply(to request: Request, _ channel: any Channel) async -> Reply {
        do throws(APIError) {
            let target = try RequestTarget(request.head.path ?? "/")
            let peer = try authenticated()
            return try await dispatch(
                Call(request: request, target: target, peer: peer, channel: channel, limits: limits))
        } catch {
            if case .internalError(let text) = error {
                logger.error("request failed", metadata: ["path": "\(request.head.path ?? "")", "error": "\(text)"])
            }
            return Reply.failure(error)
        }
    }

    /// A certificate is compared with the clock on every request: a resumed session was not verified anew.
    private func authenticated() throws(APIError) -> Peer {
        guard let peer = Peer.current, !peer.user.isEmpty else { throw .unauthorized("Unauthorized") }
        guard time.wall().nanosecondsSince1970 / 1_000_000_000 < peer.endsAtSeconds else {
            throw .unauthorized("Unauthorized: the client certificate has expired")
        }
        return peer
    }

    private func dispatch(_ call: Call) async throws(APIError) -> Reply {
        let route = try Route(call.target.segments, kinds: kinds)
        let method = call.request.method == .head ? .get : call.request.method
        switch route {
        case .object(let seen, let namespace, let name, let part):
            let (kind, call) = viewing(seen, call)
            return try await object(ObjectRef(kind: kind, namespace: namespace, name: name), part, method, call)
        case .collection(let seen, let namespace):
            let (kind, call) = viewing(seen, call)
            return try await collection(kind, namespace, method, call)
        case .ready:
            try allow(method, [.get])
            try await objects.resources.checkReady()
            return .text("ok")
        case .review(let review):
            try allow(method, [.post])
            return try await reviews.answer(review, call)
        case .heartbeat:
            try allow(method, [.post])
            return try await agents.heartbeat(call)
        case .inventory:
            try allow(method, [.post])
            return try await agents.inventory(call)
        case .backup:
            try allow(method, [.get])
            return try await backups.backup(call)
        case .decisions(let number):
            try allow(method, [.get])
            return try await placement.decisions(number, call)
        case .tunnelStream(let id):
            try allow(method, [.post])
            return try await agents.stream(id, call)
        case .tunnel:
            try allow(method, [.get])
            return try await agents.tunnel(call)
        default:
            try allow(method, [.get])
            return try about(route, call)
        }
    }

    /// The kind in the store of one that a path names.
    private func viewing(_ kind: KindInfo, _ call: Call) -> (KindInfo, Call) {
        guard let view = KindView.of(kind) else { return (kind, call) }
        var call = call
        call.view = view
        return (view.stored, call)
    }

    private func object(
        _ ref: ObjectRef, _ part: Route.Part?, _ method: HTTPRequest.Method, _ call: Call
    ) async throws(APIError) -> Reply {
        if ref.kind.isReview { throw refused(method) }
        if let leases, isNodeLease(ref.kind, ref.namespace) {
            try allow(method, [.get])
            return try await lists.nodeLeases(ref.kind, name: ref.name, call, from: leases)
        }
        if part == .log {
            try allow(method, [.get])
            return try await log(ref, call)
        }
        if part == .exec {
            try allow(method, [.post])
            return try await exec(ref, call)
        }
        if method != .get { try await objects.resources.checkAccepting() }
        if part == .scale {
            try allow(method, [.get, .put, .patch])
            return try await objects.scale(ref, method, call)
        }
        switch method {
        case .get: return try await objects.get(ref, part, call)
        case .put: return try await objects.update(ref, part, call)
        case .patch: return try await objects.patch(ref, part, call)
        case .delete where part == nil: return try await objects.delete(ref, call)
        default: throw refused(method)
        }
    }

    private func collection(
        _ kind: KindInfo, _ namespace: String?, _ method: HTTPRequest.Method, _ call: Call
    ) async throws(APIError) -> Reply {
        if kind.isReview {
            try allow(method, [.post])
            return try await placement.review(kind, namespace: namespace, call)
        }
        if let leases, isNodeLease(kind, namespace) {
            try allow(method, [.get])
            return try await lists.nodeLeases(kind, name: nil, call, from: leases)
        }
        let isWatch = try call.query.flag("watch")
        if method != .get { try await objects.resources.checkAccepting() }
        switch method {
        case .get where isWatch:
            return try await watches.watch(kind, namespace: namespace, call)
        case .get: return try await lists.list(kind, namespace: namespace, call)
        case .post: return try await objects.create(kind, namespace: namespace, call)
        case .delete: return try await lists.deleteAll(kind, namespace: namespace, call)
        default: throw refused(method)
        }
    }

    private func log(_ ref: ObjectRef, _ call: Call) async throws(APIError) -> Reply {
        try await objects.authorization.check(
            call.peer,
            Attributes(verb: .get, kind: ref.kind, namespace: ref.namespace, name: ref.name, part: .log))
        guard let node = try await objects.resources.get(ref).tree.at(["status", "node"])?.string else {
            throw .badRequest("task \"\(ref.name)\" has no log yet: it has not been started on a node")
        }
        return try await agents.log(of: ref.name, in: ref.namespace, on: NodeID(node), call)
    }

    private func exec(_ ref: ObjectRef, _ call: Call) async throws(APIError) -> Reply {
        try await objects.authorization.check(
            call.peer,
            Attributes(verb: .create, kind: ref.kind, namespace: ref.namespace, name: ref.name, part: .exec))
        let request = try ExecRequest(query: call.query.items.map { (name: $0.name, value: $0.value) })
        let status = try await objects.resources.get(ref).tree["status"]
        let state = status?["state"]?.string ?? Kinds.TaskState.pending.rawValue
        guard state == Kinds.TaskState.running.rawValue, let node = status?["node"]?.string else {
            throw .badRequest("task \"\(ref.name)\" is \(state): only a running task can be entered")
        }
        return try await agents.exec(request, in: ref.name, of: ref.namespace, on: NodeID(node), call)
    }

    private func about(_ route: Route, _ call: Call) throws(APIError) -> Reply {
        switch route {
        case .root: return .json(discovery.root)
        case .version: return .json(discovery.version)
        case .coreVersions: return .json(discovery.coreVersions)
        case .groups: return .json(discovery.groups)
        case .group(let name):
            guard let document = discovery.group(name) else { throw .noSuchPath }
            return .json(document)
        case .resources(let group, let version):
            guard let document = discovery.resources(group: group, version: version) else { throw .noSuchPath }
            return .json(document)
        case .openAPIIndex: return try OpenAPIDocuments.all.list(call)
        case .openAPI(let path): return try OpenAPIDocuments.all.document(path, call)
        case .swagger: return try OpenAPIDocuments.all.swagger(call)
        case .metrics:
            guard call.peer.isMaster else {
                throw .forbidden("forbidden: User \"\(call.peer.user)\" cannot get path \"/metrics\"")
            }
            return .text(metrics?.render() ?? "", contentType: "text/plain; version=0.0.4; charset=utf-8")
        default:
            return .text("ok")
        }
    }

    private func isNodeLease(_ kind: KindInfo, _ namespace: String?) -> Bool {
        namespace == nodeLeaseNamespace && kind.groupResource == "leases.coordination.k8s.io"
    }

    private func allow(_ method: HTTPRequest.Method, _ methods: [HTTPRequest.Method]) throws(APIError) {
        if !methods.contains(method) { throw refused(method) }
    }

    private func refused(_ method: HTTPRequest.Method) -> APIError {
        .methodNotAllowed("the server does not allow this method (\(method.rawValue)) on the requested resource")
    }
}
