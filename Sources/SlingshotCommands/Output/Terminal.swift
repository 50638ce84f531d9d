import Foundation

/// Standard error, for everything that is not a result.
enum Terminal {
    static let isInteractive = isatty(STDERR_FILENO) == 1

    static func complain(_ text: String) { note("slingshot: \(text)") }

    static func note(_ text: String) { FileHandle.standardError.write(Data((printable(text) + "\n").utf8)) }

    /// One line that the next call replaces; nothing when nobody watches.
    static func progress(_ text: String) {
        guard isInteractive else { return }
        FileHandle.standardError.write(Data("\r\u{1B}[K\(printable(text))".utf8))
    }

    static func endProgress() {
        guard isInteractive else { return }
        FileHandle.standardError.write(Data("\r\u{1B}[K".utf8))
    }

    /// Without control characters: a stranger's title must not move the cursor or recolour the screen.
    static func printable(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { isControl($0) ? "\u{FFFD}" : $0 }))
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        guard scalar != "\n", scalar != "\t" else { return false }
        return scalar.properties.generalCategory == .control || scalar.properties.generalCategory == .format
    }
}
