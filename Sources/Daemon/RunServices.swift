import Logging
import ServiceLifecycle
import UnixSignals

/// Runs `services` until SIGTERM or SIGINT, then ends them gracefully, the last one first.
///
/// A service that ends by itself, with or without an error, ends the whole process: systemd starts it again, and a half-dead
/// daemon never goes on. Services that are not done `shutdownWithin` after the signal are cancelled.
package func run(
    services: [any Service], logger: Logger, shutdownWithin: Duration = .seconds(10)
) async throws {
    var configuration = ServiceGroupConfiguration(
        services: services.map { service in
            .init(
                service: service, successTerminationBehavior: .cancelGroup, failureTerminationBehavior: .cancelGroup,
                serviceName: "\(type(of: service))")
        },
        gracefulShutdownSignals: [.sigterm, .sigint],
        logger: logger)
    configuration.maximumGracefulShutdownDuration = shutdownWithin
    try await ServiceGroup(configuration: configuration).run()
}
