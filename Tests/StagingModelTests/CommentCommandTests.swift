import SlingshotTestSupport
import StagingModel
import Testing

/// Which words in a comment are a command, and which are somebody else's.
@Suite struct CommentCommandTests {
    private static let commit = String(repeating: "a", count: 40)

    private static let commands: [(String, CommentCommand)] = [
        ("/slingshot status", .status), ("/slingshot help", .help), ("/slingshot redeploy", .redeploy), ("/slingshot destroy", .destroy),
        ("/slingshot extend 4h", .extend(seconds: 14_400)), ("/slingshot extend 1h30m", .extend(seconds: 5_400)),
        ("/slingshot approve \(commit)", .approve(Samples.commit("a"))),
        ("/slingshot approve \(commit.uppercased())", .approve(Samples.commit("a"))),
        // As telephones write it.
        ("/Slingshot Status", .status), ("   /slingshot \t status  ", .status), ("/slingshot status\r\n", .status),
        ("Looks good.\n\n/slingshot extend 4h\n\nThank you!", .extend(seconds: 14_400)),
        ("Please:\r\n/slingshot destroy\r\n", .destroy), ("one\r/slingshot destroy\rtwo", .destroy),
        ("> /slingshot destroy\n\n/slingshot status", .status), ("```\n/slingshot destroy\n```\n/slingshot status", .status),
        ("<!-- /slingshot destroy -->\n/slingshot status", .status),
        ("<details>\n\n/slingshot destroy\n\n</details>\n\n/slingshot status", .status),
        ("`/slingshot destroy` or\n/slingshot status", .status), ("/slingshot status\n-- \n/slingshot destroy", .status),
        ("/slingshot status\n\nOn Fri, Nov 20, 2026 at 8:00 AM Mona <m@example.com> wrote:\n/slingshot destroy", .status),
        (">>>\n/slingshot destroy\n\n>>>\n\n/slingshot status", .status), ("1 < 2\n/slingshot status", .status),
        ("a ~~~ b\n/slingshot status", .status),
    ]

    @Test(arguments: commands) func `a line of its own is a command`(text: String, expected: CommentCommand) {
        #expect(CommentCommand(comment: text) == expected)
    }

    private static let unclear: [(String, CommentCommand.Unclear)] = [
        ("/slingshot", .unknownVerb), ("/slingshot launch", .unknownVerb), ("/slingshot `destroy`", .unknownVerb),
        ("/slingshot extend", .wrongArguments), ("/slingshot extend 4", .wrongArguments), ("/slingshot extend 4h 5h", .wrongArguments),
        ("/slingshot extend -4h", .wrongArguments), ("/slingshot status now", .wrongArguments),
        ("/slingshot destroy please do it at once", .wrongArguments), ("/slingshot approve", .wrongArguments),
        // Seven digits are another commit's too, as soon as somebody wants that.
        ("/slingshot approve aaaaaaa", .wrongArguments), ("/slingshot approve \(commit)a", .wrongArguments),
        ("/slingshot status\n/slingshot status", .several), ("/slingshot destroy\n\n/slingshot nonsense", .several),
    ]

    @Test(arguments: unclear) func `what nobody can tell is not guessed`(text: String, why: CommentCommand.Unclear) {
        #expect(CommentCommand(comment: text) == .unclear(why))
    }

    /// Each would be a command, were it not quoted, code, hidden, or below a signature.
    private static let others = [
        "", "Looks good.", "see /slingshot destroy", "/slingshots destroy", "/sling destroy", "slingshot destroy", "\\/slingshot destroy",
        "\u{200B}/slingshot destroy", "\u{FEFF}/slingshot destroy", "/slingshot\u{A0}destroy", "/slingshot\u{301} destroy",
        // Quoted, marked or not.
        "> /slingshot destroy", ">/slingshot destroy", "  > /slingshot destroy", "> mona said\n/slingshot destroy",
        "> mona said\r\n/slingshot destroy", ">\u{301} x\n/slingshot destroy", "> > /slingshot destroy", "- > x\n> y\n/slingshot destroy",
        ">>>\nmona said\n\n/slingshot destroy\n>>>", ">>>\n```\n>>>\n```\n\n/slingshot destroy\n>>>",
        // In lists, tables and headings.
        "- /slingshot destroy", "* /slingshot destroy", "1. /slingshot destroy", "| /slingshot destroy |", "# /slingshot destroy",
        // Code.
        "`/slingshot destroy`", "    /slingshot destroy", "\t/slingshot destroy", " \t/slingshot destroy",
        "```\n/slingshot destroy\n```", "```sh\n/slingshot destroy\n", "~~~\n/slingshot destroy\n~~~",
        "````\n```\n/slingshot destroy\n````",
        "```\u{301}\n/slingshot destroy\n```", "~~~\n```\n/slingshot destroy\n~~~", "  ```\n/slingshot destroy\n  ```",
        "- ```\n  /slingshot destroy\n  ```", "1. ```\n   /slingshot destroy\n   ```", "```\n    ```\n/slingshot destroy\n```",
        "abc\r```\n/slingshot destroy\n```", "``` x\n/slingshot destroy\n``` x\n/slingshot destroy", "`mona said\n/slingshot destroy\n`",
        "``mona ` said\n/slingshot destroy\n``",
        // What HTML hides or sets apart.
        "<!-- /slingshot destroy -->", "<!--\n/slingshot destroy\n-->", "<!-- a --><!--\n/slingshot destroy\n-->",
        "<!--\n\n/slingshot destroy",
        "<details>\n\n/slingshot destroy\n\n</details>", "<DETAILS open>\n/slingshot destroy\n</DETAILS>",
        "<details><details></details>\n/slingshot destroy\n</details>", "<blockquote>\n/slingshot destroy\n</blockquote>",
        "<pre>\n/slingshot destroy\n</pre>", "<code>\n/slingshot destroy\n</code>", "<details>\n<!--\n</details>\n/slingshot destroy",
        // Below a signature, or the mail that is answered.
        "Thanks\n-- \n/slingshot destroy", "--\n/slingshot destroy", "On Friday Mona wrote:\n/slingshot destroy",
        "On Fri, Nov 20, 2026 at 8:00 AM Mona <\nmona@example.com> wrote:\n\n/slingshot destroy",
        "Am 20.11.2026 um 08:00 schrieb Mona:\n/slingshot destroy", "Le ven. 20 nov. 2026, Mona a écrit :\n/slingshot destroy",
        "-----Original Message-----\n/slingshot destroy",
    ]

    /// issue 5: never in a quoted block, nor in someone's signature.
    @Test(arguments: others) func `what is not its author's own line is none`(text: String) {
        #expect(CommentCommand(comment: text) == nil)
    }

    @Test func `what we write ourselves holds no command`() {
        for verb in CommentVerb.all { #expect(CommentCommand(comment: "- `\(verb.usage)` \(verb.summary)") == nil) }
    }

    @Test(arguments: commands.map(\.1)) func `a command reads as it is written`(command: CommentCommand) {
        #expect(CommentCommand(comment: command.text) == command)
        #expect(CommentVerb.all.contains { $0.name == command.verb })
    }

    @Test func `every verb of the table can be written as it is shown`() {
        for verb in CommentVerb.all {
            let text = verb.usage.replacing("COMMIT", with: Self.commit)
            #expect(CommentCommand(comment: text)?.verb == verb.name, "\(text)")
        }
    }
}
