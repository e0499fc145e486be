import TidemillModel
import TidemillSeams

/// Decides where gangs go. A value that remembers what it placed and what it learned, so that it may live as long as its
/// cluster: tell it what changed, and ask.
///
/// Equal snapshots, changes and gangs in equal order give equal decisions; nothing else is looked at.
package struct Placement: Sendable {
    /// By name, which is the order of ties.
    private(set) var nodes: [NodeSnapshot]
    private var kinds = DeviceKinds()
    private(set) var classes: Set<String>
    private(set) var prices: [String: Rational]
    private let settings: PlacementSettings
    var labels = NodeLabels()
    /// A device of each class, as far as one was looked for; nil where there is none.
    private var examples: [String: DeviceSnapshot?] = [:]
    var index: NodeIndex<FleetRater>
    private var demand = Demand()
    /// What the policy was made for.
    private var learned = Demand()
    /// Why gangs wait, as long as nothing changes: many wait for the same. Without a message where nobody asked.
    var explained: [Waiting: Decision] = [:]

    /// A gang, whatever it is called.
    struct Waiting: Hashable {
        private var gang: PendingGang
        private var members: Int

        init(_ gang: PendingGang) {
            members = gang.members.count
            self.gang = gang
            self.gang.members = []
            self.gang.job = ""
        }
    }

    /// Members that must have been placed before it is asked whether that still is the demand.
    private var nextLesson = 20

    /// What was decided lately, and on what; nil unless asked for.
    package private(set) var record: DecisionRecord?

    /// - Parameter remembering: decisions of the record that is kept; 0 keeps none.
    package init(
        _ snapshot: ClusterSnapshot, settings: PlacementSettings = PlacementSettings(), remembering: Int = 0
    ) {
        let state = PlacementState(
            nodes: snapshot.nodes, classes: snapshot.classes, prices: snapshot.prices, settings: settings)
        self.init(state)
        if remembering > 0 { record = DecisionRecord(from: state, limit: remembering) }
    }

    package init(_ state: PlacementState) {
        nodes = state.nodes
        for node in nodes.indices { kinds.unify(&nodes[node]) }
        classes = state.classes
        prices = state.prices
        settings = state.settings
        demand = state.demand
        learned = state.learned
        nextLesson = state.nextLesson
        index = Self.index(nodes, learned, settings)
    }

    /// All that later decisions hang on.
    package var state: PlacementState {
        var state = PlacementState(nodes: nodes, classes: classes, prices: prices, settings: settings)
        (state.demand, state.learned, state.nextLesson) = (demand, learned, nextLesson)
        return state
    }

    private static func index(
        _ nodes: [NodeSnapshot], _ demand: Demand, _ settings: PlacementSettings
    ) -> NodeIndex<FleetRater> {
        var rooms = NodeRooms()
        for node in nodes { rooms.count(node) }
        let policy = PlacementPolicy(
            settings.policy, demand: demand.popularity(rooms), kinds: rooms.kinds, settings: settings.fill)
        return NodeIndex(FleetRater(policy, rooms: rooms), nodes: nodes.map(Standing.init))
    }

    /// How nodes are found. Both find the same.
    package enum Search: Sendable {
        case index
        /// Every node is looked at, for every member.
        case scan
    }

    /// Nodes as they are now, known or new, and those that do not exist any more.
    package mutating func update(_ changed: [NodeSnapshot], removed: Set<NodeID> = []) {
        var other: [NodeSnapshot] = []
        for var node in changed {
            kinds.unify(&node)
            let place = position(of: node.name)
            if place == nodes.count || nodes[place] != node { other.append(node) }
        }
        let gone = removed.filter { name in
            let place = position(of: name)
            return place < nodes.count && nodes[place].name == name
        }
        guard !other.isEmpty || !gone.isEmpty else { return }
        take(other, removed: gone)
        keep(.changed(other, removed: gone.sorted()))
    }

    private mutating func take(_ changed: [NodeSnapshot], removed: Set<NodeID>) {
        var new: [NodeSnapshot] = []
        var isOtherwise = false
        for node in changed {
            let place = position(of: node.name)
            if place == nodes.count || nodes[place].name != node.name {
                new.append(node)
            } else {
                if nodes[place].labels != node.labels { labels.forget() }
                // Policies are made for the kinds of nodes that there are.
                if !nodes[place].hasKinds(of: node), !index.rater.areAlike(nodes[place], node) { isOtherwise = true }
                if isOtherwise { nodes[place] = node } else { put(node, at: place) }
            }
        }
        explained = [:]
        examples = [:]
        let isFewer = nodes.contains { removed.contains($0.name) }
        guard isFewer || isOtherwise || !new.isEmpty else { return }
        nodes.removeAll { removed.contains($0.name) }
        nodes = (nodes + new).sorted { $0.name < $1.name }
        labels.forget()
        index = Self.index(nodes, learned, settings)
    }

    /// The device classes that exist, with the prices of those that have one; `cpu` always exists.
    package mutating func update(classes: Set<String>, prices: [String: Rational]) {
        self.classes = classes.union([DeviceSnapshot.cpuClass])
        self.prices = prices
        explained = [:]
        keep(.classes(classes.sorted(), prices))
    }

    /// What a member that was placed here holds comes free.
    package mutating func release(_ member: PlannedMember, of namespace: String) {
        let place = position(of: member.node)
        guard place < nodes.count, nodes[place].name == member.node else { return }
        var node = nodes[place]
        for share in member.shares {
            guard let index = node.place(of: share.device),
                let held = node.devices[index].held.firstIndex(where: {
                    $0.amounts == share.amounts && $0.isolation == share.isolation && $0.namespace == namespace
                })
            else { continue }
            node.devices[index].held.remove(at: held)
        }
        put(node, at: place)
        keep(.released(member, namespace))
    }

    /// The value of a label of a known node.
    func label(_ node: NodeID, _ key: String) -> String? {
        let place = position(of: node)
        return place < nodes.count && nodes[place].name == node ? nodes[place].labels[key] : nil
    }

    /// The first place whose node's name is not smaller.
    private func position(of name: NodeID) -> Int {
        var (low, high) = (0, nodes.count)
        while low < high {
            let middle = (low + high) / 2
            if nodes[middle].name < name { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// The nodes with all that was placed on them.
    package var cluster: [NodeSnapshot] { nodes }

    mutating func put(_ snapshot: NodeSnapshot, at node: Int) {
        nodes[node] = snapshot
        explained = [:]
        index.set(node, Standing(snapshot))
    }

    /// Takes in what was placed. After 20 members, 200, and then each time half as many again, the policy is made anew if the
    /// demand has become another.
    mutating func learn(_ ask: Ask, members: Int) {
        for name in Set(ask.needs.map(\.deviceClass)) where examples[name] == nil {
            examples[name] = .some(example(of: name))
        }
        let (shape, classes) = ask.shape { examples[$0] ?? nil }
        demand.count(shape, classes, units: members, memoryMiB: members * Int(shape.memoryMiB))
        guard demand.units >= nextLesson else { return }
        while nextLesson <= demand.units { nextLesson = nextLesson == 20 ? 200 : nextLesson * 3 / 2 }
        guard demand.differs(from: learned, byMoreThan: Self.anotherDemand) else { return }
        learned = demand
        index = Self.index(nodes, learned, settings)
    }

    /// In thousandths of the units.
    private static let anotherDemand = 150

    /// Says at which revision of the store, and when, the next decisions are made; nothing hangs on it.
    package mutating func mark(revision: Revision, time: String) { keep(.cycle(revision, time)) }

    /// Forgets the record, for trials of which nobody will ask.
    package mutating func forgetRecord() { record = nil }

    mutating func keep(_ entry: DecisionRecord.Entry) {
        guard record != nil else { return }
        record?.add(entry)
        guard record?.isFull ?? false else { return }
        let state = state
        record?.begin(from: state)
    }

    private func example(of deviceClass: String) -> DeviceSnapshot? {
        for node in nodes {
            if let device = node.devices.first(where: { $0.classes[deviceClass] != nil }) { return device }
        }
        return nil
    }
}

/// How placement decides.
package struct PlacementSettings: Sendable, Equatable {
    package var policy = PlacementPolicy.Name.fill
    package var fill = FillPolicy.Settings()

    package init() {}
}

extension NodeSnapshot {
    func place(of device: DeviceID) -> Int? { devices.indices.first { devices[$0].name == device } }

    /// With these shares held by nobody in particular of a tenant.
    func holding(_ shares: [PlannedShare], for namespace: String) -> NodeSnapshot {
        var node = self
        for share in shares {
            guard let device = node.place(of: share.device) else { continue }
            node.devices[device].hold(share, for: namespace)
        }
        return node
    }
}

extension Ask {
    /// How many members each of `nodes` holds by itself, up to `most`; none where `isMember` says no.
    func rooms(in nodes: [NodeSnapshot], atMost most: Int, _ isMember: (Int) -> Bool) -> [Int] {
        var known: [Standing: Int] = [:]
        return nodes.enumerated().map { place, node in
            guard isMember(place) else { return 0 }
            let standing = Standing(node)
            let room = known[standing] ?? capacity(of: node, atMost: most)
            known[standing] = room
            return room
        }
    }

    private func capacity(of node: NodeSnapshot, atMost most: Int) -> Int {
        var node = node
        var held = 0
        var offers = Offers(needs)
        while held < most, let way = fit.ways(on: node, &offers).first {
            node = node.holding(fit.shares(way, on: node), for: namespace)
            held += 1
        }
        return held
    }
}
