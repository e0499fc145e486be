import Foundation

extension ClientError {
    /// Why a file could not be read or made, as part of a sentence: what Foundation says, without its preamble and full stop.
    package static func reason(ofFile error: any Error) -> String {
        var text = (error as NSError).localizedDescription
        let preamble = "The operation could not be completed. "
        if text.hasPrefix(preamble) { text = String(text.dropFirst(preamble.count)) }
        if text.hasSuffix(".") { text = String(text.dropLast()) }
        return text.prefix(1).lowercased() + text.dropFirst()
    }
}
