import Foundation
import Glibc

/// Standard output for results, standard error for everything else.
enum Terminal {
    static let isInteractive = isatty(STDERR_FILENO) == 1
    static let resultIsInteractive = isatty(STDOUT_FILENO) == 1

    /// A result. Who reads it may have had enough (`slingshot events shop-7 | head`): then this is the end, and no failure.
    static func result(_ text: String) {
        do {
            try FileHandle.standardOutput.write(contentsOf: Data(text.utf8))
        } catch {
            Foundation.exit(0)
        }
    }

    static func complain(_ text: String) { note("slingshot: \(text)") }

    static func note(_ text: String) { say(printable(text) + "\n") }

    /// One line that the next call replaces; nothing when nobody watches.
    static func progress(_ text: String) {
        guard isInteractive else { return }
        let line = printable(text).replacing("\n", with: " ")
        // A line that wraps could not be replaced.
        say("\r\u{1B}[K" + line.prefix(max(width - 1, 20)))
    }

    static func endProgress() {
        guard isInteractive else { return }
        say("\r\u{1B}[K")
    }

    /// Without control characters: a stranger's title must not move the cursor or recolour the screen.
    static func printable(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { isControl($0) ? "\u{FFFD}" : $0 }))
    }

    private static func say(_ text: String) { try? FileHandle.standardError.write(contentsOf: Data(text.utf8)) }

    /// Columns of the terminal on standard error.
    private static var width: Int {
        var size = winsize()
        return ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        guard scalar != "\n", scalar != "\t" else { return false }
        return scalar.properties.generalCategory == .control || scalar.properties.generalCategory == .format
    }
}
