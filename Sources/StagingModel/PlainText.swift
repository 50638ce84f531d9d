/// What programs write, as people can be shown it. Pure.
public enum PlainText {
    /// One line without colours, cursor movements and what else a terminal obeys (ECMA-48), and without characters that hide or turn others.
    /// Of a progress bar that wrote over itself the last state is left. What is over `limit` code points is cut.
    public static func line(_ text: String, limit: Int) -> String {
        var plain = String.UnicodeScalarView()
        var rest = text.unicodeScalars[...]
        var isOverwritten = false
        while let scalar = rest.popFirst() {
            if scalar == "\u{1B}" || scalar == "\u{9B}" || scalar == "\u{9D}" {
                skipSequence(of: scalar, &rest)
            } else if scalar == "\r" {
                isOverwritten = true
            } else if scalar == "\t" || !isHidden(scalar) {
                if isOverwritten { plain.removeAll() }
                isOverwritten = false
                plain.append(scalar == "\t" ? " " : scalar)
            }
        }
        return plain.count <= limit ? String(plain) : String(String.UnicodeScalarView(plain.prefix(limit))) + "…"
    }

    private static func skipSequence(of first: Unicode.Scalar, _ rest: inout String.UnicodeScalarView.SubSequence) {
        var kind = first
        if first == "\u{1B}" {
            rest = rest.drop { (0x20...0x2F).contains($0.value) }
            guard let next = rest.popFirst() else { return }
            kind = next
        }
        switch kind {
        case "[", "\u{9B}":
            // Its end is a letter or the like.
            while let scalar = rest.popFirst(), !(0x40...0x7E).contains(scalar.value) {}
        case "]", "P", "X", "^", "_", "\u{9D}":
            // A whole text, up to BEL or ST.
            while let scalar = rest.popFirst(), scalar != "\u{07}", scalar != "\u{9C}" {
                if scalar == "\u{1B}" {
                    _ = rest.popFirst()
                    return
                }
            }
        default: break
        }
    }

    private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse: true
        default: false
        }
    }
}
