import Glibc
import HTTPTypes
import Hummingbird
import NIOCore

/// Where a request comes from, as coarse as one sender can be told from another: an IPv4 address, or the /64 network of an IPv6 address,
/// of which everybody has 2⁶⁴ addresses.
struct Sender: Hashable, Sendable, CustomStringConvertible {
    private let bytes: [UInt8]

    init(_ address: SocketAddress?) {
        switch address {
        case .v4(let address): bytes = withUnsafeBytes(of: address.address.sin_addr) { Array($0) }
        case .v6(let address):
            let all = withUnsafeBytes(of: address.address.sin6_addr) { Array($0) }
            // ::ffff:1.2.3.4 is 1.2.3.4.
            bytes = all.starts(with: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255]) ? Array(all[12...]) : Array(all[..<8])
        default: bytes = []
        }
    }

    /// An address as text; nil for what is none.
    init?(_ text: some StringProtocol) {
        guard let address = try? SocketAddress(ipAddress: String(text), port: 0) else { return nil }
        self.init(address)
    }

    /// Who sent the request to the proxy, when it comes from a trusted one: of `X-Forwarded-For` the last that is no trusted proxy
    /// itself. What stands before that, anybody can write.
    func behindProxies(_ request: Request, trusted: Set<Sender>) -> Sender {
        guard trusted.contains(self), let header = request.headers[.forwardedFor] else { return self }
        for entry in header.split(separator: ",").reversed() {
            guard let sender = Sender(entry.drop { $0 == " " }.prefix { $0 != " " }) else { return self }
            if !trusted.contains(sender) { return sender }
        }
        return self
    }

    var description: String {
        switch bytes.count {
        case 4: bytes.map(String.init).joined(separator: ".")
        case 8:
            stride(from: 0, to: 8, by: 2).map { String(UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]), radix: 16) }.joined(separator: ":")
                + "::/64"
        default: "unknown"
        }
    }
}

extension HTTPField.Name {
    static let forwardedFor = HTTPField.Name("X-Forwarded-For")!
    static let requestID = HTTPField.Name("X-Request-Id")!
}
