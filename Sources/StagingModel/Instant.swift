public import Foundation

/// Instants are UTC wall-clock times stored to the second, so that the two homes of a lease (the database and the
/// namespace's annotation) compare equal after a round trip.
extension Date {
    /// This instant without its fraction of a second.
    public var wholeSeconds: Date { Date(timeIntervalSince1970: timeIntervalSince1970.rounded(.down)) }

    /// RFC 3339 in UTC with whole seconds: `2026-11-21T08:00:00Z`.
    public var rfc3339: String { wholeSeconds.formatted(.iso8601) }

    /// Reads RFC 3339 with or without a fraction of a second and with any offset; nil when the text is something else.
    public init?(rfc3339 text: String) {
        let styles: [Date.ISO8601FormatStyle] = [.iso8601, Date.ISO8601FormatStyle(includingFractionalSeconds: true)]
        for style in styles {
            if let date = try? Date(text, strategy: style) {
                self = date
                return
            }
        }
        return nil
    }

    /// `2 January 2026 at 15:04 UTC`
    public var words: String {
        let months = [
            "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
        ]
        let parts = rfc3339.split { !$0.isNumber }
        guard parts.count >= 5, let month = Int(parts[1]), let day = Int(parts[2]), months.indices.contains(month - 1) else {
            return rfc3339
        }
        return "\(day) \(months[month - 1]) \(parts[0]) at \(parts[3]):\(parts[4]) UTC"
    }
}
