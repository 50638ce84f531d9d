import Foundation
import StagingModel

/// Pages about one stack.
extension PageView {
    /// The stack is there, and what serves this host and path is not.
    static func noRoute(_ stack: Stack, at now: Date) -> PageView {
        var view = PageView(
            about: stack, at: now, status: 404, code: "no-route", heading: "\(stack.name) serves nothing here",
            message: "The stack runs, but none of its Ingress rules is for this host and path, or their Service is missing.")
        view.hint = "Add a rule with host: ${{ stack.host }} to the stack's manifests, or an endpoint to its .slingshot.yaml."
        return view
    }

    static func unreachable(_ stack: Stack, at now: Date) -> PageView {
        var view = PageView(
            about: stack, at: now, status: 503, code: "stack-unreachable", heading: "\(stack.name) does not answer",
            message: "The stack is deployed, but its application refused the connection or broke it off. It may be restarting.")
        view.retryAfter = 2
        view.mode = .retry
        view.hint = "This page tries again by itself. More is told by"
        view.command = "slingshot logs \(stack.name)"
        return view
    }

    /// A stack that can't be visited: not yet, not any more, or because it failed.
    ///
    /// - Parameters:
    ///   - events: its newest, oldest first.
    ///   - log: what it wrote last.
    init(_ stack: Stack, events: [StackEvent], log: [LogLine], at now: Date) {
        let name = stack.name.description
        self.init(
            about: stack, at: now, status: 503, code: "stack-not-ready", heading: "\(name) is on its way", message: stack.message)
        mode = .live
        retryAfter = 5
        stages = Self.stages(of: stack, events: events)
        steps = Self.steps(events, isUnderWay: ![.ready, .failed, .destroyed].contains(stack.phase), at: now)
        self.log = log
        let again = "slingshot create \(stack.name.repository) \(stack.name.number)"
        switch stack.phase {
        case .queued, .waiting, .building, .deploying, .ready: break
        case .failed:
            code = "stack-failed"
            retryAfter = 30
            tone = .bad
            heading = "\(name) failed"
            hint = "A push to the pull request tries again; so does"
            command = again
        case .sleeping:
            code = "stack-sleeping"
            heading = "\(name) sleeps"
        case .destroying:
            code = "stack-destroying"
            heading = "\(name) is being destroyed"
            end = ""
        case .destroyed:
            status = 410
            code = "stack-destroyed"
            retryAfter = nil
            self.log = nil
            heading = "\(name) is gone"
            if let exclusion = stack.exclusion {
                message = "There is \(exclusion.text)."
                hint = "To have one all the same, use"
            } else {
                let why = stack.destroyReason?.words ?? "for a reason that is not on record"
                message = "It was destroyed on \(stack.updatedAt.words), \(why)."
                hint = "A push to the open pull request launches it anew; so does"
            }
            command = again
            end = ""
        }
    }

    /// What every page of a stack has.
    private init(about stack: Stack, at now: Date, status: Int, code: String, heading: String, message: String) {
        self.init(status: status, code: code, heading: heading, message: message)
        self.stack = stack.name.description
        phase = stack.phase.rawValue
        pullRequest = "\(stack.repositoryFullName) #\(stack.name.number)"
        title = stack.pullRequest.title.prefix(300).description
        author = stack.pullRequest.author.prefix(100).description
        let link = stack.pullRequest.url
        if link.utf8.count <= 500, link.hasPrefix("https://") || link.hasPrefix("http://") { self.link = link }
        commit = (stack.deployed?.commit ?? stack.fetched?.commit ?? stack.pullRequest.head)?.short ?? ""
        end = Self.end(of: stack.lease, at: now)
    }

    private static func end(of lease: Lease, at now: Date) -> String {
        guard let end = lease.expiresAt else { return "It is pinned: it stays until its pull request is closed." }
        guard end > now else { return "Its time is over; it will be destroyed." }
        return
            "It will be destroyed on \(end.words), in \(DurationText.words(Int(end.timeIntervalSince(now)))), unless somebody extends it."
    }
}
