/// Durations as people write them: `90s`, `30m`, `4h`, `2d`, `1h30m`. The unit of the value is the second.
public enum DurationText {
    private static let units: [(letter: Character, seconds: Int)] = [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)]
    private static let longest = 3_650 * 86_400

    /// Seconds, or nil unless the text is one or more `<number><unit>` with each unit at most once, largest first, and
    /// the whole is between one second and ten years.
    public static func seconds(_ text: String) -> Int? {
        var total = 0
        var number: Int?
        var next = 0
        for character in text {
            if let digit = character.wholeNumberValue, character.isASCII {
                guard (number ?? 0) < longest else { return nil }
                number = (number ?? 0) * 10 + digit
            } else {
                guard let value = number, let index = units.indices.first(where: { $0 >= next && units[$0].letter == character }) else {
                    return nil
                }
                let (product, overflow) = value.multipliedReportingOverflow(by: units[index].seconds)
                guard !overflow, product <= longest else { return nil }
                total += product
                number = nil
                next = index + 1
            }
        }
        return number == nil && total > 0 && total <= longest ? total : nil
    }

    /// The exact duration in the same notation (`1h30m`); zero and less read `0s`.
    public static func text(_ seconds: Int) -> String {
        guard seconds > 0 else { return "0s" }
        var rest = seconds
        var text = ""
        for (letter, size) in units where rest >= size {
            text += "\(rest / size)\(letter)"
            rest %= size
        }
        return text
    }

    /// The duration for people: its two largest units (`23h59m`, `3d4h`, `12s`).
    public static func rough(_ seconds: Int) -> String {
        for (index, unit) in units.enumerated() where seconds >= unit.seconds && index + 1 < units.count {
            let step = units[index + 1].seconds
            return text(seconds / step * step)
        }
        return text(seconds)
    }

    /// The duration as people say it, which is not exact: `23 hours`.
    public static func words(_ seconds: Int) -> String {
        func rounded(to unit: Int) -> Int { (seconds + unit / 2) / unit }
        let (minutes, hours, days) = (rounded(to: 60), rounded(to: 3_600), rounded(to: 86_400))
        let (count, unit) = minutes < 120 ? (minutes, "minute") : hours < 48 ? (hours, "hour") : (days, "day")
        return count == 0 ? "less than a minute" : "\(count) \(unit)\(count == 1 ? "" : "s")"
    }
}
