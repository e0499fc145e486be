import ArgumentParser
import TidemillModel

/// A duration on the command line: `30s`, `1m30s`, `250ms`.
struct WaitTime: ExpressibleByArgument, CustomStringConvertible {
    var duration: Duration

    init(duration: Duration) {
        self.duration = duration
    }

    init?(argument: String) {
        if let seconds = Int64(argument), seconds >= 0 {
            duration = .seconds(seconds)
            return
        }
        // What is wrong with the text is said by ArgumentParser, which names the option too.
        guard let value = try? APIDuration(parsing: argument) else { return nil }
        duration = value.duration
    }

    var description: String { APIDuration(duration).text }
    var defaultValueDescription: String { description }
}
