/// A port of a pod.
struct ForwarderTarget: Hashable, Sendable, CustomStringConvertible {
    var address: String
    var port: Int

    /// Also the name of the socket that leads there.
    var description: String { address.contains(":") ? "[\(address)]:\(port)" : "\(address):\(port)" }
}

/// What the forwarder is asked: a line of text, such as `open 10.89.0.2 8080`.
enum ForwarderRequest: Hashable, Sendable {
    /// Have a socket that leads to the target, named as the target is.
    case open(ForwarderTarget)
    case close(ForwarderTarget)
    /// Connect to the target once, and tell what came of it.
    case dial(ForwarderTarget)

    /// `ok`, or why it was not done.
    enum Answer: Hashable, Sendable {
        case done
        case failed(String)

        init(_ text: String) { self = text == Self.done.text ? .done : .failed(text) }

        var text: String { if case .failed(let why) = self { why } else { "ok" } }
    }

    /// Nil for a text that asks nothing.
    init?(_ text: String) {
        let words = text.split(whereSeparator: \.isWhitespace)
        guard words.count == 3, let port = Int(words[2]), (1...65_535).contains(port),
            words[1].allSatisfy({ $0.isHexDigit || $0 == "." || $0 == ":" })
        else { return nil }
        let target = ForwarderTarget(address: String(words[1]), port: port)
        switch words[0] {
        case "open": self = .open(target)
        case "close": self = .close(target)
        case "dial": self = .dial(target)
        default: return nil
        }
    }

    var text: String {
        switch self {
        case .open(let target): "open \(target.address) \(target.port)\n"
        case .close(let target): "close \(target.address) \(target.port)\n"
        case .dial(let target): "dial \(target.address) \(target.port)\n"
        }
    }
}
