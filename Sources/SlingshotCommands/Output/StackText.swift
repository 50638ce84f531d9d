import ControlAPI
import Foundation
import StagingModel

/// A stack as people read it.
enum StackText {
    static func table(_ stacks: [StackView], isWide: Bool, now: Date) -> String {
        guard !stacks.isEmpty else { return "no stacks\n" }
        var table = TextTable(
            ["NAME", "PHASE", "COMMIT", "AGE", "EXPIRES", "URL"] + (isWide ? ["RUNTIME", "NAMESPACE", "BRANCH", "TITLE", "WHY"] : []))
        for stack in stacks {
            let why = stack.phase == .destroyed ? stack.reason?.rawValue : stack.waitsFor?.rawValue
            let phase = stack.phase.rawValue + (why.map { " (\($0))" } ?? "")
            let cells = [
                stack.name, phase, short(stack.commit), DurationText.rough(Int(now.timeIntervalSince(stack.createdAt))),
                expiry(stack, now: now), stack.url,
            ]
            table.add(
                cells + (isWide ? [stack.runtime, stack.namespace, stack.pullRequest.branch, stack.pullRequest.title, stack.message] : []))
        }
        return table.text
    }

    static func full(_ stack: StackView, events: [StackEvent], now: Date) -> String {
        var lines: [(String, String)] = [
            ("Name", stack.name),
            ("Phase", stack.phase.rawValue + ((stack.reason?.rawValue ?? stack.waitsFor?.rawValue).map { " (\($0))" } ?? "")),
            ("Why", stack.message),
            ("URL", stack.url),
            ("Endpoints", stack.endpoints.map { "\($0.name) \($0.url)" }.joined(separator: ", ")),
            ("Pull request", "\(stack.repository)#\(stack.pullRequest.number) \(stack.pullRequest.title)"),
            ("Author", stack.pullRequest.author),
            ("Branch", stack.pullRequest.branch),
            ("Commit", stack.commit ?? ""),
            ("Wanted", stack.targetCommit ?? ""),
            ("Namespace", "\(stack.namespace) on \(stack.runtime)"),
            ("Created", "\(stack.createdAt.rfc3339) (\(DurationText.rough(Int(now.timeIntervalSince(stack.createdAt)))) ago)"),
        ]
        if stack.reason == nil {
            lines.append(("Expires", stack.expiresAt.map { "\($0.rfc3339) (in \(expiry(stack, now: now)))" } ?? "never (pinned)"))
            lines.append(("Extendable to", stack.latestExpiry.rfc3339))
        }
        let width = lines.map(\.0.count).max() ?? 0
        let text = lines.filter { !$0.1.isEmpty }.map { name, value in
            name + ":" + String(repeating: " ", count: width - name.count + 2) + Terminal.printable(value).replacing("\n", with: " ") + "\n"
        }
        let upper = text.joined() + workloads(stack)
        guard !events.isEmpty else { return upper }
        return upper + "Events:\n" + events.map { "  " + line($0) + "\n" }.joined()
    }

    private static func workloads(_ stack: StackView) -> String {
        if let unknown = stack.workloadsUnknown { return "Workloads: unknown: \(Terminal.printable(unknown).replacing("\n", with: " "))\n" }
        guard let workloads = stack.workloads, !workloads.isEmpty else { return "" }
        var table = TextTable(["  WORKLOAD", "READY", "STATE", "WHY"])
        for workload in workloads {
            let ready = "\(workload.ready)/\(workload.desired)"
            table.add(["  \(workload.kind)/\(workload.name)", ready, workload.state.rawValue, workload.message ?? "-"])
        }
        return "Workloads:\n" + table.text
    }

    static func line(_ event: StackEvent) -> String {
        let kind = event.kind.rawValue.padding(toLength: 8, withPad: " ", startingAt: 0)
        return "\(event.at.rfc3339)  \(kind)  \(event.name): \(Terminal.printable(event.message).replacing("\n", with: " "))"
    }

    private static func short(_ commit: String?) -> String { commit.map { String($0.prefix(7)) } ?? "-" }

    private static func expiry(_ stack: StackView, now: Date) -> String {
        guard stack.reason == nil else { return "-" }
        guard let expiresAt = stack.expiresAt else { return "never" }
        return DurationText.rough(Int(expiresAt.timeIntervalSince(now)))
    }
}
