import Foundation
import Orchestration
import StagingModel

/// What podman says while it builds: JSON objects one after another, each with a piece of the output or the error that ended it.
struct BuildOutput {
    private struct Message: Decodable {
        var stream: String?
        var error: String?
    }

    /// Why the build ended; nil while it goes on, and when it went well.
    private(set) var failure: String?
    private var rest = ""

    static let longestLine = 1_000

    /// Takes one object, and returns the lines that it completes.
    mutating func add(_ json: [UInt8]) -> [String] {
        guard let message = try? JSONDecoder().decode(Message.self, from: Data(json)) else { return [] }
        if let error = message.error { failure = Self.readable(error) }
        rest += message.stream ?? ""
        var lines = rest.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        rest = lines.popLast().map(String.init) ?? ""
        // a step that never ends its line must not fill the memory
        if rest.utf8.count > 1 << 16 { lines.append(rest[...]); rest = "" }
        return lines.map { Self.plain(String($0)) }.filter { !$0.isEmpty }
    }

    /// What was written without an end of line.
    mutating func finish() -> [String] {
        defer { rest = "" }
        let line = Self.plain(rest)
        return line.isEmpty ? [] : [line]
    }

    /// Without control characters, the secrets of addresses, and what is over ``longestLine``.
    static func plain(_ text: String) -> String {
        text.oneLine(limit: longestLine).replacing(/(?<scheme>[a-z]+:\/\/)[^\/@\s]+@/) { "\($0.output.scheme)***@" }
    }

    /// podman's error without the names of its own folders and structures.
    static func readable(_ error: String) -> String {
        var text = plain(error)
        if let end = text.firstRange(of: " &imagebuilder.Step{") { text = String(text[..<end.lowerBound]) }
        return text.replacing(/\/[^\s"]*\/libpod_builder[0-9]+\/build\//, with: "")
    }
}

/// The text of a build that its commit made fail.
enum BuildFailure {
    private static let mostLines = 5
    private static let longest = 200

    /// What podman gave as the reason, with what it means, as far as `lines`, the output's end, tell. `size` is the largest file that a step may
    /// write.
    static func error(_ reason: String, lines: [String], size: Int64) -> StepError {
        if reason.contains("no space left on device") {
            return StepError("the machine's disk is full: \(reason.oneLine(limit: 300)); make room on the machine", isRetryable: true)
        }
        // the image that a layer was found in went away in this very moment
        if reason.contains("image not known") || reason.contains("layer not known") { return StepError(reason, isRetryable: true) }
        // SIGXFSZ, as a shell tells it, and EFBIG, as programs do
        let isTooLarge = (lines.suffix(mostLines) + [reason]).contains { $0.lowercased().contains("file too large") }
        if isTooLarge || reason.hasSuffix("exit status 153") {
            return StepError("a step wrote a file of more than \(size) bytes (`builds.size`): \(reason)", isRetryable: false)
        }
        return StepError(reason, isRetryable: false)
    }

    /// `STEP 3/4: …`, `--> 770a19a153b`, `time="…" level=…`: they say nothing that the reason does not.
    private static func isPodmans(_ line: String) -> Bool { ["STEP ", "--> ", "COMMIT ", "time=\""].contains { line.hasPrefix($0) } }

    /// `lines` is the output's end.
    static func text(_ reason: String, lines: [String]) -> String {
        let told = lines.filter { !isPodmans($0) }
        let end = told.suffix(mostLines).map { $0.oneLine(limit: longest) }
        let output = end.isEmpty ? "" : "; \(Diagnosis.lastOutput(end))"
        return "the build failed: \(reason.oneLine(limit: 400))\(output)"
    }
}
