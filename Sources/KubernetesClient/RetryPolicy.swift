/// When a request is sent again: on 429 and from 500, only where the server says after how long, and not forever (the rule of
/// client-go). Everything else is the caller's decision.
struct RetryPolicy: Hashable, Sendable {
    var attempts = 10
    /// No answer makes a caller wait longer than this at a time.
    var longest: Duration = .seconds(60)

    /// How long to wait before sending again; nil for not at all. `attempt` counts the answers so far, from 1.
    func delay(status: Int, retryAfter: String?, attempt: Int) -> Duration? {
        guard attempt <= attempts, status == 429 || status >= 500 else { return nil }
        guard let seconds = retryAfter.flatMap(Int.init), seconds >= 0 else { return nil }
        return min(.seconds(min(seconds, 86_400)), longest)
    }
}
