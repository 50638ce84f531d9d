import Foundation
import StagingModel

/// What a page of the gateway says. Pure; whatever strangers wrote is text, and the template escapes it.
struct PageView {
    struct Line: Hashable {
        var time: String
        var instant: String
        /// Since the first line: `+12s`.
        var offset: String
        var kind: String
        var message: String
    }

    enum Mode: String {
        /// Follows the stack, and turns into the app when that is ready.
        case live
        /// Asks again after 2 s.
        case retry
        case still
    }

    var status: Int
    /// A short stable word for programs.
    var code: String
    /// Seconds after which another try may be of use; nil for never.
    var retryAfter: Int?
    var mode = Mode.still
    var stack = ""
    var phase = ""
    var heading: String
    var message: String
    var hint = ""
    var pullRequest = ""
    var title = ""
    var author = ""
    /// Empty unless it is a web address.
    var link = ""
    var commit = ""
    var lines: [Line] = []

    static let mostLines = 20

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

extension PageView {
    static let unknownHost = PageView(
        status: 404, code: "no-such-host", heading: "There is no stack here",
        message: "No stack has this address. It may be misspelt, or its pull request has had no stack yet.")

    static func notAllowed(offersPassword: Bool) -> PageView {
        PageView(
            status: offersPassword ? 401 : 403, code: "not-allowed", heading: "This stack is not open to everybody",
            message: "Open it with a share link" + (offersPassword ? ", or with the password" : "") + ".",
            hint: "Who has the stack's API token makes a link with: slingshot share STACK")
    }

    /// The stack is there, and what serves this host and path is not.
    static func noRoute(_ stack: Stack) -> PageView {
        PageView(
            status: 404, code: "no-route", stack: "\(stack.name)", phase: stack.phase.rawValue,
            heading: "\(stack.name) serves nothing here",
            message: "The stack runs, but none of its Ingress rules is for this host and path, or their Service is missing.",
            hint: "Add a rule with host: ${{ stack.host }} to the stack's manifests, or an endpoint to its .slingshot.yaml.")
    }

    static func unreachable(_ name: String) -> PageView {
        PageView(
            status: 503, code: "stack-unreachable", retryAfter: 2, mode: .retry, stack: name, heading: "\(name) does not answer",
            message: "The stack is deployed, but its application refused the connection or broke it off. It may be restarting.",
            hint: "This page tries again by itself. slingshot status \(name) tells more.")
    }

    static let crowded = PageView(
        status: 503, code: "busy", retryAfter: 10, heading: "Busy", message: "Too many visitors follow the progress at this moment.")

    /// A stack that can't be visited: not yet, not any more, or because it failed.
    init(_ stack: Stack, events: [StackEvent]) {
        let name = stack.name.description
        self.init(status: 503, code: "stack-not-ready", heading: "\(name) is on its way", message: stack.message)
        self.stack = name
        phase = stack.phase.rawValue
        mode = .live
        retryAfter = 5
        pullRequest = "\(stack.repositoryFullName) #\(stack.name.number)"
        title = stack.pullRequest.title.prefix(300).description
        author = stack.pullRequest.author.prefix(100).description
        let link = stack.pullRequest.url
        if link.utf8.count <= 500, link.hasPrefix("https://") || link.hasPrefix("http://") { self.link = link }
        commit = (stack.deployed?.commit ?? stack.fetched?.commit ?? stack.pullRequest.head)?.short ?? ""
        let first = events.first?.at
        lines = events.suffix(Self.mostLines).map { event in
            Line(
                time: String(event.at.rfc3339.dropFirst(11).dropLast()), instant: event.at.rfc3339,
                offset: "+" + DurationText.text(max(Int(event.at.timeIntervalSince(first ?? event.at)), 0)), kind: event.kind.rawValue,
                message: event.message.prefix(1_000).description)
        }
        switch stack.phase {
        case .queued, .waiting, .building, .deploying, .ready: break
        case .failed:
            code = "stack-failed"
            retryAfter = 30
            heading = "\(name) failed"
            hint = "A push to the pull request tries again; so does: slingshot create \(stack.name.repository) \(stack.name.number)"
        case .sleeping:
            code = "stack-sleeping"
            heading = "\(name) sleeps"
        case .destroying:
            code = "stack-destroying"
            heading = "\(name) is being destroyed"
        case .destroyed:
            status = 410
            code = "stack-destroyed"
            retryAfter = nil
            let why = stack.destroyReason.map(Self.why) ?? "for a reason that is not on record"
            heading = "\(name) is gone"
            message = "It was destroyed on \(stack.updatedAt.rfc3339), \(why)."
            hint =
                "A push to the open pull request launches it anew; so does: slingshot create \(stack.name.repository) \(stack.name.number)"
        }
    }

    private static func why(_ reason: DestroyReason) -> String {
        switch reason {
        case .expired: "because its lease had ended"
        case .closed: "because its pull request was closed"
        case .unlabeled: "because its pull request lost the label"
        case .requested: "because somebody asked for it"
        case .replaced: "because another stack replaced it"
        }
    }
}
