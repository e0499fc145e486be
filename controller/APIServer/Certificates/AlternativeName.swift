import Glibc
import SwiftASN1
import X509

/// `name` as it stands in a certificate: an address in numbers, anything else as a DNS name.
func generalName(_ name: String) -> GeneralName {
    if let bytes = addressBytes(name) { return .ipAddress(ASN1OctetString(contentBytes: bytes[...])) }
    return .dnsName(name)
}

/// The 4 or 16 bytes of an address in its usual spelling; nil for anything else.
func addressBytes(_ text: String) -> [UInt8]? {
    for (family, size) in [(AF_INET, 4), (AF_INET6, 16)] {
        var bytes = [UInt8](repeating: 0, count: size)
        if inet_pton(family, text, &bytes) == 1 { return bytes }
    }
    return nil
}
