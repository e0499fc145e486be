import TidemillModel
import TidemillSeams

/// Decides where gangs go. A value that remembers what it placed and what it learned, so that it may live as long as its
/// cluster: tell it what changed, and ask.
///
/// Equal snapshots, changes and gangs in equal order give equal decisions; nothing else is looked at.
package struct Placement: Sendable {
    /// By name, which is the order of ties.
    private var nodes: [NodeSnapshot]
    private var kinds = DeviceKinds()
    private var classes: Set<String>
    private let settings: PlacementSettings
    private var index: NodeIndex<FleetRater>
    private var demand = Popularity()
    /// What the policy was made for.
    private var learned = Popularity()
    /// Why gangs wait, as long as nothing changes: many wait for the same.
    private var explained: [Waiting: Decision] = [:]

    private struct Waiting: Hashable {
        var ask: Ask
        var members: Int
        var passedOver: [NodeID: String]
    }

    /// Members that must have been placed before it is asked whether that still is the demand.
    private var nextLesson = 20

    package init(_ snapshot: ClusterSnapshot, settings: PlacementSettings = PlacementSettings()) {
        nodes = snapshot.nodes
        for node in nodes.indices { kinds.unify(&nodes[node]) }
        classes = snapshot.classes
        self.settings = settings
        index = Self.index(nodes, learned, settings)
    }

    private static func index(
        _ nodes: [NodeSnapshot], _ demand: Popularity, _ settings: PlacementSettings
    ) -> NodeIndex<FleetRater> {
        var rooms = NodeRooms()
        for node in nodes { rooms.count(node) }
        let policy = PlacementPolicy(settings.policy, demand: demand, kinds: rooms.kinds, settings: settings.fill)
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
        var new: [NodeSnapshot] = []
        for var node in changed {
            kinds.unify(&node)
            let place = position(of: node.name)
            if place == nodes.count || nodes[place].name != node.name {
                new.append(node)
            } else if nodes[place] != node {
                put(node, at: place)
            }
        }
        explained = [:]
        let isFewer = nodes.contains { removed.contains($0.name) }
        guard isFewer || !new.isEmpty else { return }
        nodes.removeAll { removed.contains($0.name) }
        nodes = (nodes + new).sorted { $0.name < $1.name }
        index = Self.index(nodes, learned, settings)
    }

    /// The device classes that exist; `cpu` always does.
    package mutating func update(classes: Set<String>) {
        self.classes = classes.union([DeviceSnapshot.cpuClass])
        explained = [:]
    }

    /// What a member that was placed here holds comes free.
    package mutating func release(_ member: PlannedMember, of namespace: String) {
        let place = position(of: member.node)
        guard place < nodes.count, nodes[place].name == member.node else { return }
        var node = nodes[place]
        for share in member.shares {
            guard let index = node.devices.firstIndex(where: { $0.name == share.device }),
                let held = node.devices[index].held.firstIndex(where: {
                    $0.amounts == share.amounts && $0.isolation == share.isolation && $0.namespace == namespace
                })
            else { continue }
            node.devices[index].held.remove(at: held)
        }
        put(node, at: place)
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

    /// Places the whole gang, or says why it waits and changes nothing (invariants 4, 5 and 8).
    package mutating func decide(_ gang: PendingGang, by search: Search = .index) -> Decision {
        let ask = Ask(gang)
        let waiting = Waiting(ask: ask, members: gang.members.count, passedOver: gang.passedOver)
        if search == .index, let known = explained[waiting] { return known }
        let excluded = Set(nodes.indices.filter { gang.passedOver[nodes[$0].name] != nil })
        let keptExplanations = explained
        var planned: [PlannedMember] = []
        var before: [(node: Int, snapshot: NodeSnapshot)] = []
        for slice in gang.members {
            guard let (node, member) = place(slice, ask, excluded, by: search) else {
                let left = nodes
                for (node, snapshot) in before.reversed() { put(snapshot, at: node) }
                let decision = explain(gang, ask, placed: planned.count, left: left)
                // Taking back what was tried has changed nothing.
                explained = keptExplanations
                explained[waiting] = decision
                return decision
            }
            before.append((node, nodes[node]))
            put(nodes[node].holding(member.shares, for: gang.namespace), at: node)
            planned.append(member)
        }
        learn(ask, members: planned.count)
        return .place(planned)
    }

    /// The best node for one member, and its shares there.
    private mutating func place(
        _ slice: String, _ ask: Ask, _ excluded: Set<Int>, by search: Search
    ) -> (node: Int, member: PlannedMember)? {
        let found =
            switch search {
            case .index: index.best(for: ask, except: excluded)
            case .scan: index.scan(for: ask, except: excluded)
            }
        guard let number = found?.node, let boot = nodes[number].bootID,
            let way = index.rater.way(ask, in: index[number])
        else { return nil }
        let node = nodes[number]
        let shares = ask.fit.shares(way, on: node)
        return (number, PlannedMember(slice: slice, node: node.name, bootID: boot, shares: shares))
    }

    private mutating func put(_ snapshot: NodeSnapshot, at node: Int) {
        nodes[node] = snapshot
        explained = [:]
        index.set(node, Standing(snapshot))
    }

    /// Takes in what was placed. After 20 members, 200, and then each time half as many again, the policy is made anew if the
    /// demand has become another.
    private mutating func learn(_ ask: Ask, members: Int) {
        let shape = index.rater.rooms.shape(of: ask) { name in
            for node in nodes {
                if let device = node.devices.first(where: { $0.classes[name] != nil }) { return device }
            }
            return nil
        }
        for _ in 0..<members { demand.count(shape) }
        guard demand.units >= nextLesson else { return }
        while nextLesson <= demand.units { nextLesson = nextLesson == 20 ? 200 : nextLesson * 3 / 2 }
        guard demand.distance(from: learned) > Self.anotherDemand else { return }
        learned = demand
        index = Self.index(nodes, learned, settings)
    }

    /// See `Popularity.distance`.
    private static let anotherDemand = 0.15

    private func explain(_ gang: PendingGang, _ ask: Ask, placed: Int, left: [NodeSnapshot]) -> Decision {
        var fit = ask.fit
        fit.passedOver = gang.passedOver
        if let missing = fit.needs.first(where: { !classes.contains($0.deviceClass) }) {
            let message = "No device class \(missing.deviceClass) exists. Create it, or ask for another class."
            return .pending(.noMatchingDevice, message: message)
        }
        let explanation = Explanation(gang: gang, fit: fit, placed: placed, nodes: left)
        guard !nodes.isEmpty else { return .pending(.insufficientDevices, message: explanation.withoutNodes) }
        let emptied = nodes.map(\.emptied)
        let room = ask.room(in: emptied, atMost: gang.members.count)
        if room < gang.members.count {
            let neverHeld = explanation.classWithoutDevices(in: nodes)
            return .pending(
                neverHeld == nil ? .neverFits : .noMatchingDevice,
                message: explanation.never(room: room, emptied: emptied))
        }
        let (message, remedy) = explanation.now()
        return .pending(.insufficientDevices, message: message, remedy: remedy)
    }
}

/// How placement decides.
package struct PlacementSettings: Sendable, Equatable {
    package var policy = PlacementPolicy.Name.fill
    package var fill = FillPolicy.Settings()

    package init() {}
}

extension NodeSnapshot {
    /// With these shares held by nobody in particular of a tenant.
    func holding(_ shares: [PlannedShare], for namespace: String) -> NodeSnapshot {
        var node = self
        for share in shares {
            guard let device = node.devices.firstIndex(where: { $0.name == share.device }) else { continue }
            node.devices[device].hold(share, for: namespace)
        }
        return node
    }
}

extension Ask {
    /// How many members `nodes` hold one after the other, up to `most`; each node is filled before the next.
    func room(in nodes: [NodeSnapshot], atMost most: Int) -> Int {
        var known: [Standing: Int] = [:]
        var room = 0
        for node in nodes where room < most {
            let standing = Standing(node)
            let here = known[standing] ?? capacity(of: node, atMost: most)
            known[standing] = here
            room += here
        }
        return min(room, most)
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
