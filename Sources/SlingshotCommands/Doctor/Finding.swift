import Foundation
import StagingModel

/// What `doctor` found out about one thing.
struct Finding: Codable, Hashable, Sendable {
    enum Verdict: String, Codable, Sendable {
        case ok
        /// It works, and will not always, or not as well as it could.
        case warning
        case failed
        /// There is nobody who could be asked.
        case unknown
    }

    /// What it is about: `machine`, `runtime cluster`, `repository shop`.
    var area: String
    /// The thing in a word or two, the same from run to run: `webhook events`.
    var check: String
    var verdict: Verdict
    /// One line. Holds no secret.
    var message: String
    /// What to do about it; nil when there is nothing to be done.
    var fix: String?

    static func ok(_ area: String, _ check: String, _ message: String) -> Finding {
        Finding(area: area, check: check, verdict: .ok, message: message)
    }

    static func warning(_ area: String, _ check: String, _ message: String, fix: String? = nil) -> Finding {
        Finding(area: area, check: check, verdict: .warning, message: message, fix: fix)
    }

    static func failed(_ area: String, _ check: String, _ message: String, fix: String? = nil) -> Finding {
        Finding(area: area, check: check, verdict: .failed, message: message, fix: fix)
    }

    static func unknown(_ area: String, _ check: String, _ message: String, fix: String? = nil) -> Finding {
        Finding(area: area, check: check, verdict: .unknown, message: message, fix: fix)
    }

    init(area: String, check: String, verdict: Verdict, message: String, fix: String? = nil) {
        self.area = area
        self.check = check
        self.verdict = verdict
        self.message = PlainText.line(message, limit: 500)
        self.fix = fix.map { PlainText.line($0, limit: 500) }
    }

    /// A right of an engine or a forge.
    init(_ access: AccessFinding, in area: String, fix: String) {
        switch access.verdict {
        case .granted: self = .ok(area, "right", access.right)
        case .missing: self = .failed(area, "right", "missing: \(access.right), to \(access.purpose)", fix: fix)
        case .unknown: self = .unknown(area, "right", "\(access.right), to \(access.purpose): nobody can be asked whether it is there")
        }
    }
}

extension [Finding] {
    /// For people: area by area, each fix below what it mends. `isWide` tells what is well right by right.
    func text(isWide: Bool) -> String {
        var text = ""
        var area = ""
        let shown = isWide ? self : summed()
        let width = shown.map(\.check.count).max() ?? 0
        for finding in shown {
            if finding.area != area { text += (area.isEmpty ? "" : "\n") + "\(finding.area)\n" }
            area = finding.area
            let word = finding.verdict.rawValue.padding(toLength: 7, withPad: " ", startingAt: 0)
            text += "  \(word)  \(finding.check.padding(toLength: width, withPad: " ", startingAt: 0))  \(finding.message)\n"
            if let fix = finding.fix { text += String(repeating: " ", count: width + 13) + "fix: \(fix)\n" }
        }
        return text
    }

    /// Rights that are there, an area's in one line.
    private func summed() -> [Finding] {
        var summed: [Finding] = []
        var areas: Set<String> = []
        for finding in self {
            guard finding.check == "right", finding.verdict == .ok else {
                summed.append(finding)
                continue
            }
            guard areas.insert(finding.area).inserted else { continue }
            let count = count { $0.area == finding.area && $0.check == "right" && $0.verdict == .ok }
            summed.append(.ok(finding.area, "rights", "\(count) that are needed are there; -o wide lists them"))
        }
        return summed
    }

    /// `2 failed, 1 warning`.
    var summary: String {
        let counts = [(Finding.Verdict.failed, "failed"), (.warning, "warned of"), (.unknown, "unknown"), (.ok, "ok")].compactMap {
            verdict, word in
            let count = count { $0.verdict == verdict }
            return count == 0 ? nil : "\(count) \(word)"
        }
        return counts.joined(separator: ", ")
    }
}
