/// An event that a webhook has to send: the API's word for it, and that of the page on which people tick it.
struct NeededEvent {
    var event: String
    var name: String

    init(_ event: String, _ name: String) {
        self.event = event
        self.name = name
    }

    /// The names of those that are not among `events`. No list at all says nothing; `*` is all of them.
    static func lacking(_ needed: [NeededEvent], of events: [String]?) -> [String] {
        guard let events, !events.contains("*") else { return [] }
        return needed.filter { !events.contains($0.event) }.map(\.name)
    }
}
