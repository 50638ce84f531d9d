/// The events that a webhook has to send: the API's words for them, and those of the page on which people tick them.
struct NeededEvents {
    /// The event of new comments.
    var comments: String
    var others: [(event: String, name: String)]

    /// The names of those that are not among `events`. No list at all says nothing; `*` is all of them.
    func lacking(of events: [String]?) -> [String] {
        guard let events, !events.contains("*") else { return [] }
        return others.filter { !events.contains($0.event) }.map(\.name)
    }

    func hasComments(_ events: [String]?) -> Bool { events.map { $0.contains("*") || $0.contains(comments) } ?? true }
}
