import StagingModel

/// What a page of the gateway says. Pure; whatever strangers wrote is text, and the template escapes it.
struct PageView: Hashable {
    enum Mode: String {
        /// Follows the stack, and turns into the app when that is ready.
        case live
        /// Asks again after 2 s.
        case retry
        case still
    }

    /// How the page looks at first sight.
    enum Tone: String {
        case calm, bad
    }

    /// One of the stations on the way to a stack that can be visited.
    struct Stage: Hashable {
        enum State: String { case done, current, failed, pending }

        var name: String
        var state: State
    }

    /// One thing that happened.
    struct Step: Hashable {
        enum Kind: String { case note, running, outcome, failure }

        var time: String
        var instant: String
        var kind: Kind
        var message: String
        /// How long it took, or takes already; nil for what takes no time.
        var seconds: Int?
    }

    /// A line that something of the stack wrote, ready to be shown.
    struct LogLine: Hashable {
        /// Who wrote it; empty when it can only be one.
        var source: String
        var text: String
    }

    var status: Int
    /// A short stable word for programs.
    var code: String
    /// Seconds after which another try may be of use; nil for never.
    var retryAfter: Int?
    var mode = Mode.still
    var tone = Tone.calm
    var stack = ""
    var phase = ""
    var heading: String
    var message: String
    var hint = ""
    /// What the hint ends with, to be typed.
    var command = ""
    /// When the stack will go, in words; empty when that says nothing.
    var end = ""
    var pullRequest = ""
    var title = ""
    var author = ""
    /// Empty unless it is a web address.
    var link = ""
    var commit = ""
    var stages: [Stage] = []
    var steps: [Step] = []
    /// Nil where lines are of no interest.
    var log: [LogLine]?

    /// For programs: RFC 9457.
    var problem: JSONValue {
        var problem: JSONValue = [
            "title": .string(heading), "status": .integer(Int64(status)), "detail": .string(message), "code": .string(code),
        ]
        if !stack.isEmpty { problem["stack"] = .string(stack) }
        if !phase.isEmpty { problem["phase"] = .string(phase) }
        return problem
    }
}

/// Pages that are not about a stack's progress.
extension PageView {
    static let unknownHost = PageView(
        status: 404, code: "no-such-host", heading: "There is no stack here",
        message: "No stack has this address. It may be misspelt, or its pull request has had no stack yet.")

    static func notAllowed(offersPassword: Bool) -> PageView {
        PageView(
            status: offersPassword ? 401 : 403, code: "not-allowed", heading: "This stack is not open to everybody",
            message: "Open it with a share link" + (offersPassword ? ", or with the password" : "") + ".",
            hint: "Who has the API token makes a link with", command: "slingshot share STACK")
    }

    static let crowded = PageView(
        status: 503, code: "busy", retryAfter: 10, heading: "Busy", message: "Too many visitors follow the progress at this moment.")
}
