/// One event of a live stream (`text/event-stream`, https://html.spec.whatwg.org/multipage/server-sent-events.html).
public struct ServerSentEvent: Hashable, Sendable {
    /// Absent for the usual kind.
    public var name: String?
    public var data: String

    public init(name: String? = nil, data: String) {
        self.name = name
        self.data = data
    }

    /// What keeps a quiet stream from being taken for a dead one; readers skip it.
    public static let comment = ":\n\n"

    /// As it is sent.
    public var text: String {
        let lines = data.split(omittingEmptySubsequences: false) { $0.isNewline }.map { "data: \($0)\n" }.joined()
        return (name.map { "event: \($0)\n" } ?? "") + lines + "\n"
    }
}

/// Puts a stream's bytes together to events, and holds no more than one of them.
public struct ServerSentEventReader: Sendable {
    /// An event is larger than the reader holds. Another try can't help.
    public struct TooLarge: Error, Hashable {}

    private let limit: Int
    private var line: [UInt8] = []
    private var name: String?
    private var data: [String] = []
    private var held = 0

    /// - Parameter limit: bytes of one event.
    public init(limit: Int = 1 << 20) { self.limit = limit }

    /// The events that are whole with these bytes. What a stream ends in the middle of is none.
    public mutating func read(_ bytes: some Sequence<UInt8>) throws(TooLarge) -> [ServerSentEvent] {
        var events: [ServerSentEvent] = []
        for byte in bytes {
            guard byte == UInt8(ascii: "\n") else {
                line.append(byte)
                held += 1
                guard held <= limit else { throw TooLarge() }
                continue
            }
            if line.last == UInt8(ascii: "\r") { line.removeLast() }
            if let event = take(String(decoding: line, as: UTF8.self)) { events.append(event) }
            line.removeAll(keepingCapacity: true)
        }
        return events
    }

    private mutating func take(_ line: String) -> ServerSentEvent? {
        guard !line.isEmpty else {
            defer {
                name = nil
                data = []
                held = 0
            }
            return data.isEmpty ? nil : ServerSentEvent(name: name, data: data.joined(separator: "\n"))
        }
        let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let value = parts.count > 1 ? parts[1].hasPrefix(" ") ? String(parts[1].dropFirst()) : String(parts[1]) : ""
        switch parts[0] {
        case "event": name = value
        case "data": data.append(value)
        default: break  // comments have an empty name; `id` and `retry` are not used
        }
        return nil
    }
}
