import TidemillLease
import TidemillModel
import TidemillSeams

/// What slices get of this machine, and what canaries say of them.
extension SliceCore {
    private func coreBook(besides uid: SliceUID? = nil) -> CoreBook {
        CoreBook(domains: abilities?.domains ?? [:], held: held.values.filter { $0.uid != uid })
    }

    /// The plan for a grant, made from what is held now. No core is given whole before everything that is held is
    /// known, nor where nothing can bind slices to cores: there a quota must do.
    func plan(for uid: SliceUID, _ grant: SliceGrant) -> SlicePlan? {
        guard let abilities else { return nil }
        let cut = coreBook(besides: uid).cut(grant, mayBeWhole: isScanned && abilities.bindsCPUs)
        return SlicePlan.make(SliceKey(uid: uid, epoch: grant.epoch), cut, abilities)
    }

    func rebind(isNeeded: Bool) -> [SliceEffect] { isNeeded && abilities != nil ? [.bind] : [] }

    /// Where all slices without cores of their own may run now. Those that are just being prepared are left out, since their
    /// files may not be there yet, until they were named as `preparing`: from then on all bindings include them, so that the
    /// last one does.
    package mutating func bindings(preparing: SliceKey? = nil) -> CPUBindings {
        bindingNumber += 1
        bindable = bindable.filter { held[$0.uid]?.key == $0 }
        if let preparing { bindable.insert(preparing) }
        let book = coreBook()
        let entries = held.values.sorted { $0.uid < $1.uid }.compactMap { slice -> CPUBindings.Entry? in
            switch slice.phase {
            case .released: return nil
            case .preparing where !bindable.contains(slice.key): return nil
            case .preparing, .prepared, .starting, .active, .emptying: break
            }
            let shared = book.sharedCPUs(of: slice.grant)
            guard let file = cpusFile(of: slice), !shared.isEmpty else { return nil }
            return CPUBindings.Entry(key: slice.key, file: file, cpus: KernelList.text(shared))
        }
        return CPUBindings(number: bindingNumber, entries: entries)
    }

    /// The file that binds a slice which shares its CPUs. One that another version prepared has no plan, and is bound all the
    /// same: nobody knows of cores that are its own.
    private func cpusFile(of slice: HeldSlice) -> String? {
        if let plan = slice.plan { return plan.cut.isWhole ? nil : plan.cpusFile }
        return plan(for: slice.uid, slice.grant)?.cpusFile
    }

    mutating func probed(_ key: SliceKey, _ proof: SliceProof) -> [SliceEffect] {
        // What was proven once and is proven again is not told again, and a canary that could not try is no news.
        guard var slice = held[key.uid], slice.key == key, case .active = slice.phase,
            slice.proof?.holds != proof.holds, proof.isComplete || !proof.holds
        else { return [] }
        var proof = proof
        // It tries less than the first: what was not tried then is still not proven.
        if let first = slice.proof { proof.isComplete = first.isComplete }
        slice.proof = proof
        held[key.uid] = slice
        return [.report(slice)]
    }
}
