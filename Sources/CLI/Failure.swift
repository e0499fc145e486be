import Foundation
import TidemillClient
import TidemillModel
import TidemillWire

/// Why a verb did not do what was asked: one sentence, with the way out where there is one.
struct Failure: Error {
    var message: String
    /// Exit status; an empty message means that everything has been said already.
    var status: Int32 = 1

    init(_ message: String, status: Int32 = 1) {
        self.message = message
        self.status = status
    }

    /// What standard error shows. As with kubectl, what a server said is not called an error twice.
    var line: String {
        let isServers = message.hasPrefix("Error from server") || message.hasPrefix("The ")
        return isServers ? message : "error: \(message)"
    }

    /// What Foundation says of an error, to be put into a sentence.
    static func reason(of error: any Error) -> String {
        ClientError.reason(ofFile: error)
    }

    /// A client's error in the words of kubectl's users.
    init(_ error: ClientError) {
        switch error {
        case .api(.invalid(let kind, let name, let errors)) where !errors.isEmpty:
            let short = kind.split(separator: ".").first.map(String.init) ?? kind
            let list = errors.map(\.description)
            message =
                list.count == 1
                ? "The \(short) \"\(name)\" is invalid: \(list[0])"
                : "The \(short) \"\(name)\" is invalid:\n" + list.map { "* \($0)" }.joined(separator: "\n")
        case .api(let refusal):
            let status = Status(refusal)
            message = "Error from server (\(status.reason)): \(status.message)"
        case .unreachable(let why):
            message =
                "\(why): is a controller running? `tidemill up` starts one, --kubeconfig or KUBECONFIG names another"
        case .configuration(let why):
            message = why
        default:
            message = "\(error)"
        }
    }
}
