import ArgumentParser
import Foundation
import Logging
import TidemillAPIServer
import TidemillDaemon
import TidemillStore

/// `tidemill-controller run`
struct RunController: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "run", abstract: "Run until SIGTERM.")

    @Option(name: .long, help: "The configuration, a YAML map. A flag wins over TIDEMILL_*, TIDEMILL_* over the file.")
    var config: String?
    @Option(name: .long, help: "Folder of the store, the certificates and the kubeconfig.") var data: String?
    @Option(name: .long, help: "HOST:PORT to listen on; port 0 takes any free one.") var listen: String?
    @Option(name: .long, help: "Further names of the server, separated by commas.") var names: String?
    @Option(name: .long, help: "Open connections at most; further ones wait. An agent holds four.")
    var maxConnections: String?
    @Option(name: .long, help: "trace, debug, info, notice, warning, error or critical.") var logLevel: String?

    private var flags: [String: String] {
        [
            "data": data, "listen": listen, "names": names, "maxConnections": maxConnections, "logLevel": logLevel,
        ].compactMapValues(\.self)
    }

    func run() async throws {
        do {
            let file = try config.map(ConfigurationFile.read)
            let tree = try ConfigurationTree(
                keys: ControllerConfiguration.keys, file: file, environment: ProcessInfo.processInfo.environment,
                flags: flags)
            let configuration = try ControllerConfiguration(tree)
            startLogging(level: configuration.logLevel)
            let logger = Logger(label: "tidemill-controller")
            logger.logEffective(tree)
            try await ControllerStart(configuration: configuration, logger: logger).run()
        } catch let error as ConfigurationError {
            throw ValidationError(error.description)
        } catch let error as StoreError {
            throw Sentence(error)
        }
    }
}

/// An error in one sentence, as the program's last line.
struct Sentence: Error, CustomStringConvertible {
    let description: String

    init(_ error: StoreError) {
        description =
            switch error {
            case .failed(let message), .full(let message), .tooLarge(let message): message
            case .corrupt(let message): "the store is damaged: \(message)"
            case .closed: "the store is closed"
            case .conflict(let key, _): "the store changed meanwhile at \(key)"
            case .expired, .future: "the store's history does not reach there"
            }
    }
}
