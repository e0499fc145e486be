import CHost
import Glibc
import Testing

/// Starts a program of the machine as the agent starts a shim.
func spawn(
    _ words: [String], environment: [String] = [], output: String? = nil, input: Int32 = -1
) throws -> tm_child {
    var arguments: [UnsafeMutablePointer<CChar>?] = words.map { word in strdup(word) }
    arguments.append(nil)
    var variables: [UnsafeMutablePointer<CChar>?] = environment.map { word in strdup(word) }
    variables.append(nil)
    defer { for string in arguments + variables { free(string) } }
    var child = tm_child()
    try #require(tm_spawn_fed(words[0], arguments, variables, output, input, &child) == 0)
    return child
}
