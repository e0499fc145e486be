/// A document while the operations of a patch change it, in place. After a fault it is of no use.
///
/// 1. What an operation costs is bounded by what it brings along and by the steps that are left.
/// 2. The document is never deeper than `depth`, for whatever walks through it recurses.
struct JSONPatchBench {
    /// Why an operation cannot be done.
    enum Fault: Error {
        case unmet(Place, String)
        case tooLarge(String)
    }

    /// A pointer of an operation, and the member that holds it: `path` or `from`.
    struct Place {
        let member: String
        let pointer: JSONPointer

        func unmet(_ reason: String) -> Fault { .unmet(self, reason) }

        /// Where the member `token` is.
        func member(
            _ token: String, in members: [JSONObject.Member], _ budget: inout StepBudget
        ) throws(Fault) -> Int {
            try budget.spend(members.count)
            guard let index = members.firstIndex(where: { $0.key == token }) else {
                throw unmet("there is no member \(JSON.string(token).shown)")
            }
            return index
        }

        /// The index that `token` spells, of an item of an array of `count`.
        func item(_ token: String, in count: Int) throws(Fault) -> Int {
            let index = try position(token, in: count)
            guard index < count else { throw unmet("there is no item \(index) in an array of \(count)") }
            return index
        }

        /// The index that `token` spells, of an item or of the place behind the last one.
        func position(_ token: String, in count: Int) throws(Fault) -> Int {
            if token == "-" { return count }
            guard let index = JSONPointer.index(token) else {
                throw unmet("\(JSON.string(token).shown) is no index of an array")
            }
            guard index <= count else { throw unmet("there is no place \(index) in an array of \(count)") }
            return index
        }
    }

    /// The steps that the patch may still take.
    struct StepBudget {
        var left: Int

        mutating func spend(_ steps: Int) throws(Fault) {
            left -= steps
            if left < 0 { throw .tooLarge("the operations take more steps than a patch may take") }
        }
    }

    private(set) var document: JSON
    private let depth: Int
    private var copiedBytesLeft: Int
    private var budget: StepBudget

    init(_ document: JSON, limits: JSONPatch.Limits) {
        self.document = document
        depth = limits.depth
        copiedBytesLeft = limits.copiedBytes
        budget = StepBudget(left: limits.steps)
    }

    mutating func perform(_ operation: JSONPatch.Operation) throws(Fault) {
        switch operation {
        case .add(let path, let value): try add(value, at: path)
        case .remove(let path): _ = try remove(Place(member: "path", pointer: path))
        case .replace(let path, let value):
            try document.change(.replace(value), at: Place(member: "path", pointer: path), &budget)
            try checkDepth(of: value, at: path)
        case .move(let from, let path):
            let source = Place(member: "from", pointer: from)
            if from.tokens == path.tokens {
                _ = try document.value(at: source, &budget)
            } else {
                try add(try remove(source), at: path)
            }
        case .copy(let from, let path):
            let value = try document.value(at: Place(member: "from", pointer: from), &budget)
            copiedBytesLeft -= value.bytes.count
            if copiedBytesLeft < 0 { throw .tooLarge("the operations copy more than the patch may copy") }
            try add(value, at: path)
        case .test(let path, let wanted):
            let place = Place(member: "path", pointer: path)
            let found = try document.value(at: place, &budget)
            guard found.isEquivalent(to: wanted) else {
                throw place.unmet("the test failed: the value is \(found.shown), not \(wanted.shown)")
            }
        }
    }

    private mutating func add(_ value: JSON, at path: JSONPointer) throws(Fault) {
        try document.change(.add(value), at: Place(member: "path", pointer: path), &budget)
        try checkDepth(of: value, at: path)
    }

    private mutating func remove(_ place: Place) throws(Fault) -> JSON {
        let value = try document.value(at: place, &budget)
        try document.change(.remove, at: place, &budget)
        return value
    }

    private mutating func checkDepth(of value: JSON, at path: JSONPointer) throws(Fault) {
        guard try path.tokens.count + value.levels(&budget) <= depth else {
            throw .tooLarge("the document would be nested deeper than \(depth) levels")
        }
    }
}
