/// Text by strangers as part of one line: what could end the line, move a cursor, recolour a terminal or turn the reading direction
/// is escaped as JSON does it.
enum LogText {
    /// The most characters that are kept of one value; an engine can answer with megabytes.
    static let longest = 4_096

    /// `text` between quotes: a JSON string.
    static func quote(_ text: String, into line: inout String) {
        line.append("\"")
        escape(text, into: &line)
        line.append("\"")
    }

    /// `text` as it is where that can't be misread, else quoted.
    static func word(_ text: String, into line: inout String) {
        let isPlain =
            !text.isEmpty && text.utf8.count <= longest && text.utf8.allSatisfy { (0x23...0x7E).contains($0) && $0 != 0x5C && $0 != 0x3D }
        if isPlain { line.append(text) } else { quote(text, into: &line) }
    }

    /// `text` without quotes around it.
    static func escape(_ text: String, into line: inout String) {
        if text.utf8.count <= longest, text.utf8.allSatisfy({ (0x20...0x7E).contains($0) && $0 != 0x22 && $0 != 0x5C }) {
            line.append(text)
            return
        }
        var kept = 0
        for scalar in text.unicodeScalars {
            guard kept < longest else {
                line.append("…")
                return
            }
            kept += 1
            switch scalar {
            case "\"": line.append("\\\"")
            case "\\": line.append("\\\\")
            case "\n": line.append("\\n")
            case "\t": line.append("\\t")
            case _ where isHidden(scalar):
                for unit in Character(scalar).utf16 {
                    let digits = String(unit, radix: 16)
                    line.append("\\u" + String(repeating: "0", count: 4 - digits.count) + digits)
                }
            default: line.unicodeScalars.append(scalar)
            }
        }
    }

    private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned, .privateUse: true
        default: false
        }
    }
}
