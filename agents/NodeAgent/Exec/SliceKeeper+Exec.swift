import TidemillModel
import TidemillNodeCore
import TidemillSeams

extension SliceKeeper {
    /// What this node holds under the name of a task, for a session in it.
    func slice(namespace: String, name: String) -> HeldSlice? {
        core.held.values.first { $0.namespace == namespace && $0.name == name }
    }
}
