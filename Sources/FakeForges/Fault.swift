/// What goes wrong with a request.
public enum Fault: Hashable, Sendable {
    /// Answers so without looking at the request, with `{"message": …}`.
    case status(Int, message: String = "Server Error", headers: [String: String] = [:])
    /// Never answers, until the client goes or the forge is stopped.
    case silence
    /// 200, and then a byte every few milliseconds without an end.
    case drip
    /// Does what was asked, and breaks off in the middle of the answer.
    case truncated
    /// Does what was asked, and breaks off before the answer.
    case dropped
    /// 200 with these bytes, without looking at the request: an empty list, another page, no JSON at all.
    case lie(String, headers: [String: String] = [:])
    /// 200 with so many bytes.
    case huge(Int)
    /// Sends the client, with all it carries, elsewhere.
    case redirect(to: String)
}

/// A request as a fake forge saw it.
public struct SeenRequest: Hashable, Sendable {
    public var method: String
    /// With the query, as it was sent.
    public var target: String
    public var authorization: String?
    public var ifNoneMatch: String?
    /// What was answered; nil while it is not.
    public var status: Int?
}
