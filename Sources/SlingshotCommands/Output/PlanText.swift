import Foundation
import Glibc
import Planning
import StagingModel

/// Plans as people read them.
enum PlanText {
    static func table(_ plan: Plan, isWide: Bool) -> String {
        var table = TextTable(["WAVE", "KIND", "NAME"] + (isWide ? ["API", "BYTES"] : []))
        for object in plan.objects {
            let more = isWide ? [object.apiVersion, String(object.manifest.canonicalBytes.count)] : []
            table.add(["\(object.wave)", object.kind, object.name] + more)
        }
        let lines = [
            ("Stack", plan.stack.description), ("Namespace", plan.namespace), ("URL", plan.url),
            ("Endpoints", plan.endpoints.map { "\($0.name) \($0.url)" }.joined(separator: ", ")),
            ("Lease", plan.timeToLive.map { DurationText.text($0) } ?? ""), ("Plan", plan.digest),
        ]
        let head = lines.filter { !$0.1.isEmpty }.map { name, value in
            "\(name):".padding(toLength: 12, withPad: " ", startingAt: 0) + Terminal.printable(value).replacing("\n", with: " ") + "\n"
        }
        return head.joined() + table.text
    }

    static func difference(_ difference: PlanDifference, stack: String, isColoured: Bool = Terminal.colours) -> String {
        guard !difference.objects.isEmpty else { return "no difference to \(stack)\n" }
        var text = ""
        for object in difference.objects {
            let (mark, colour) =
                switch object.change {
                case .added: ("+", 32)
                case .removed: ("-", 31)
                case .changed: ("~", 33)
                }
            text += paint("\(mark) \(object.object)", colour, isColoured) + "\n"
            for field in object.fields {
                let path = line(field.path)
                if field.before?.string?.hasPrefix("<redacted") ?? false, field.after?.string?.hasPrefix("<redacted") ?? false {
                    text += "    \(path): <redacted, changed>\n"
                    continue
                }
                text += "    \(path):\n"
                if let before = field.before { text += paint("      - \(value(before))", 31, isColoured) + "\n" }
                if let after = field.after { text += paint("      + \(value(after))", 32, isColoured) + "\n" }
            }
        }
        return text
    }

    private static func value(_ value: JSONValue) -> String {
        let text = value.string.map { $0.hasPrefix("<redacted") ? "<redacted>" : value.canonicalText } ?? value.canonicalText
        return line(text.count > 200 ? text.prefix(200) + "…" : text)
    }

    private static func line(_ text: String) -> String { Terminal.printable(text).replacing("\n", with: " ") }

    private static func paint(_ text: String, _ colour: Int, _ isColoured: Bool) -> String {
        isColoured ? "\u{1B}[\(colour)m\(text)\u{1B}[0m" : text
    }
}

extension Terminal {
    /// Whether results go to somebody who sees colours: https://no-color.org
    static var colours: Bool { isatty(STDOUT_FILENO) == 1 && ProcessInfo.processInfo.environment["NO_COLOR"] == nil }
}
