import Foundation
import Glibc
import SlingshotTestSupport
import StagingModel
import Testing

/// A headless browser, driven by its debugging protocol over two pipes (https://chromedevtools.github.io/devtools-protocol/).
final class Chromium: @unchecked Sendable {
    // Used by one task, one call at a time.
    private let input: FileHandle
    private let output: FileHandle
    private var unread = Data()
    private var nextID: Int64 = 0
    private var session = ""
    /// The documents that the page's main frame has shown.
    private(set) var navigations: [String] = []

    private init(input: FileHandle, output: FileHandle) {
        self.input = input
        self.output = output
    }

    /// Runs Debian's `chromium` while `body` runs, with an empty page open.
    static func with<T: Sendable>(_ body: @Sendable (Chromium) async throws -> T) async throws -> T {
        try await withTemporaryDirectory { directory in
            let (requests, answers) = (directory.appending(path: "requests").path, directory.appending(path: "answers").path)
            for pipe in [requests, answers] { try await ChildProcess.run(URL(filePath: "/usr/bin/mkfifo"), [pipe]) }
            let script =
                "exec chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --window-size=1000,800 --user-data-dir=\"$0\" --remote-debugging-pipe 3<>\"$1\" 4<>\"$2\""
            return try await ChildProcess.running(
                URL(filePath: "/bin/sh"), ["-c", script, directory.appending(path: "profile").path, requests, answers]
            ) { process in
                do {
                    // Opened for both ways, as the shell does: so neither waits for the other.
                    let (input, output) = (Glibc.open(requests, O_RDWR), Glibc.open(answers, O_RDWR))
                    let browser = Chromium(
                        input: FileHandle(fileDescriptor: input, closeOnDealloc: true),
                        output: FileHandle(fileDescriptor: output, closeOnDealloc: true))
                    let target = try await browser.call("Target.createTarget", ["url": "about:blank"])
                    let attached = try await browser.call(
                        "Target.attachToTarget", ["targetId": target["targetId"] ?? .null, "flatten": true])
                    browser.session = attached["sessionId"]?.string ?? ""
                    _ = try await browser.call("Page.enable")
                    let result = try await body(browser)
                    await process.kill()
                    return result
                } catch {
                    Issue.record("the browser: \(error)")
                    await process.kill()
                    throw error
                }
            }
        }
    }

    func open(_ url: String) async throws { _ = try await call("Page.navigate", ["url": .string(url)]) }

    /// How wide the window is, in pixels, and whether the person likes it dark.
    func look(width: Int64, isDark: Bool) async throws {
        _ = try await call(
            "Emulation.setDeviceMetricsOverride",
            ["width": .integer(width), "height": 800, "deviceScaleFactor": 1, "mobile": .bool(width < 600)])
        _ = try await call(
            "Emulation.setEmulatedMedia", ["features": [["name": "prefers-color-scheme", "value": isDark ? "dark" : "light"]]])
    }

    /// What the expression is in the page.
    func value(of expression: String) async throws -> JSONValue {
        try await call("Runtime.evaluate", ["expression": .string(expression), "returnByValue": true])["result"]?["value"] ?? .null
    }

    /// Asks until the page's text contains `text`.
    func wait(for text: String) async throws {
        var last = ""
        for _ in 0..<600 {
            last = (try? await value(of: "document.documentElement.innerText").string) ?? ""
            if last.contains(text) { return }
            try await Task.sleep(for: .milliseconds(100))
        }
        throw ChildProcess.Failure("the browser never showed \"\(text)\"; it showed:\n\(last)")
    }

    /// Asks until the expression is true in the page.
    func wait(until expression: String) async throws {
        for _ in 0..<600 {
            if try await value(of: expression) == true { return }
            try await Task.sleep(for: .milliseconds(100))
        }
        throw ChildProcess.Failure("in the browser it never was true that \(expression)")
    }

    /// A PNG of what the page looks like.
    func screenshot() async throws -> Data {
        guard let text = try await call("Page.captureScreenshot")["data"]?.string, let data = Data(base64Encoded: text) else {
            throw ChildProcess.Failure("the browser gave no picture")
        }
        return data
    }

    /// On a thread of its own, because reading blocks.
    private func call(_ method: String, _ parameters: JSONValue = [:]) async throws -> JSONValue {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(with: Result { try self.exchange(method, parameters) }) }
        }
    }

    private func exchange(_ method: String, _ parameters: JSONValue) throws -> JSONValue {
        nextID += 1
        var message: JSONValue = ["id": .integer(nextID), "method": .string(method), "params": parameters]
        if !session.isEmpty, !method.hasPrefix("Browser.") { message["sessionId"] = .string(session) }
        try input.write(contentsOf: Data(message.canonicalBytes + [0]))
        while true {
            let answer = try next()
            if answer["method"]?.string == "Page.frameNavigated", answer["params"]?["frame"]?["parentId"] == nil {
                navigations.append(answer["params"]?["frame"]?["url"]?.string ?? "")
            }
            guard answer["id"]?.integer == nextID else { continue }
            if let error = answer["error"] { throw ChildProcess.Failure("\(method): \(error.canonicalText)") }
            return answer["result"] ?? .null
        }
    }

    /// The next message; they are separated by zeros.
    private func next() throws -> JSONValue {
        while true {
            if let end = unread.firstIndex(of: 0) {
                let message = unread[..<end]
                unread = Data(unread[unread.index(after: end)...])
                return try JSONDecoder().decode(JSONValue.self, from: message)
            }
            let more = output.availableData
            if more.isEmpty { throw ChildProcess.Failure("the browser ended") }
            unread += more
        }
    }
}
