import StagingModel

/// What the `Host` of a request says.
struct StackHost: Hashable {
    /// As routes name it: lower case, without port and final dot.
    let name: String
    /// Its first label.
    let label: String
    /// The stack that it means, `shop-7` or, by an endpoint of it, `shop-7-api`: an endpoint begins with a letter, so only one can be.
    let stack: StackName

    /// Nil unless it is one DNS label below `domain` that reads as a stack's. `authority` is whatever a stranger sent.
    init?(authority: String, domain: String) {
        var host = authority.utf8.count <= 300 ? authority[...] : ""
        if let colon = host.lastIndex(of: ":") {
            let port = host[host.index(after: colon)...]
            guard port.utf8.count <= 5, port.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
            host = host[..<colon]
        }
        if host.hasSuffix(".") { host = host.dropLast() }
        // Only A to Z: what Unicode makes of other letters must not turn one name into another.
        name = String(decoding: host.utf8.map { (0x41...0x5A).contains($0) ? $0 + 0x20 : $0 }, as: UTF8.self)
        guard name.utf8.allSatisfy({ $0 < 0x80 }), name.hasSuffix("." + domain) else { return nil }
        var label = String(name.dropLast(domain.count + 1))
        guard isDNSLabel(label) else { return nil }
        self.label = label
        // An endpoint's host that was too long for DNS has a hash in the place of its end, which is never so long that the stack's name suffers.
        if label.utf8.count == 63, label.dropLast(5).hasSuffix("-") { label = String(label.dropLast(6)) }
        if let stack = StackName(label) {
            self.stack = stack
        } else if let dash = label.lastIndex(of: "-"), label[label.index(after: dash)...].wholeMatch(of: /[a-z][a-z0-9]{0,15}/) != nil,
            let stack = StackName(String(label[..<dash]))
        {
            self.stack = stack
        } else {
            return nil
        }
    }
}
