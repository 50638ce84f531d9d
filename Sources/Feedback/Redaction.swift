/// Takes out of a program's words what looks like a secret: they are shown to everybody who may read the pull request. Pure.
///
/// What a secret looks like is a guess. It is made generously, because a word too few in a comment costs less than a password too many.
enum Redaction {
    private static let mask = "***"

    static func redacted(_ text: String) -> String {
        // A line of a key's inside.
        if text.wholeMatch(of: /\s*[A-Za-z0-9+\/]{60,76}={0,2}\s*/) != nil { return mask }
        var text = text
        text.replace(/-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----.*/, with: "-----BEGIN PRIVATE KEY-----\(mask)")
        // https://ada:secret@host, postgres://ada:secret@host
        text.replace(/(:\/\/)[^\s\/@"']{1,300}@/) { "\($0.output.1)\(mask)@" }
        text.replace(/(?i)(authorization["']?\s{0,3}[:=]\s{0,3}["']?(?:basic|bearer|token)\s{1,3})[^\s"',;|]+/) { "\($0.output.1)\(mask)" }
        text.replace(/(?i)(\bbearer\s{1,3})[A-Z0-9+\/=_.~\-]{20,}/) { "\($0.output.1)\(mask)" }
        // Tokens that say what they are: GitHub's, GitLab's, Atlassian's, Slack's, npm's, Stripe's; AWS', Google's; JSON web tokens.
        text.replace(
            /\b(?:gh[pousr]_|github_pat_|gl(?:pat|dt|rt|cbt|ptt|soat|imt|agent|ft)-|ATBB|AT[A-Z]{2,3}3x|xox[a-z]-|npm_|[sr]k_(?:live|test)_)[A-Za-z0-9_\-=]{16,}/,
            with: mask)
        text.replace(/\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/, with: mask)
        text.replace(/\bAIza[A-Za-z0-9_\-]{30,}/, with: mask)
        text.replace(/\beyJ[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-.]{8,}/, with: mask)
        // DB_PASSWORD=secret, "apiKey": "secret", --token secret
        text.replace(
            /(?i)((?:passw(?:or)?d|passphrase|pwd|secret|token|api[_\-]?key|access[_\-]?key|private[_\-]?key|credentials?)[A-Z0-9_\-]{0,20}["']?\s{0,3}[=:]\s{0,3}["']?)[^\s"',;|]+/
        ) { "\($0.output.1)\(mask)" }
        text.replace(/(?i)(--(?:password|passphrase|secret|token|api-?key)\s{1,3})[^\s\-][^\s]*/) { "\($0.output.1)\(mask)" }
        return text
    }
}
