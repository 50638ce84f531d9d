import Mustache
import StagingModel

/// The page as HTML. The template escapes every value, and the page runs nothing but its own script.
struct PageTemplate {
    /// Nothing is loaded but from the page's own host, and nothing inline runs, whatever got into the page.
    static let contentSecurityPolicy =
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    static let stylePath = "/.slingshot/page.css"
    static let scriptPath = "/.slingshot/page.js"
    static let eventsPath = "/.slingshot/events"

    private let library: MustacheLibrary

    init() throws {
        library = try MustacheLibrary(templates: [
            "page": MustacheTemplate(string: Self.page), "content": MustacheTemplate(string: Self.content),
        ])
    }

    func page(_ view: PageView) -> String { library.render(PageContext(view), withTemplate: "page") ?? "" }

    /// What of the page changes while it is live.
    func content(_ view: PageView) -> String { library.render(PageContext(view), withTemplate: "content") ?? "" }

    private static let page = """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="robots" content="noindex">
        <title>{{heading}}</title>
        <link rel="stylesheet" href="\(stylePath)">
        <script src="\(scriptPath)" defer></script>
        {{#refreshes}}<noscript><meta http-equiv="refresh" content="5"></noscript>{{/refreshes}}
        </head>
        <body data-mode="{{mode}}">
        <main aria-live="polite">{{>content}}</main>
        <footer>Slingshot</footer>
        </body>
        </html>

        """

    private static let content = """
        <h1>{{heading}}</h1>
        {{#phase}}<p class="phase {{phase}}">{{phase}}</p>{{/phase}}
        <p class="message">{{message}}</p>
        {{#pullRequest}}<p class="about">{{#link}}<a href="{{link}}" rel="noopener noreferrer nofollow">{{/link}}{{pullRequest}}{{#link}}</a>{{/link}} <q>{{title}}</q> by {{author}}{{#commit}}, commit <code>{{commit}}</code>{{/commit}}</p>{{/pullRequest}}
        {{#hint}}<p class="hint">{{hint}}</p>{{/hint}}
        {{#hasLines}}<table><caption>What happened, in UTC</caption><tbody>
        {{#lines}}<tr class="{{kind}}"><td><time datetime="{{instant}}">{{time}}</time></td><td class="offset">{{offset}}</td><td>{{message}}</td></tr>
        {{/lines}}</tbody></table>{{/hasLines}}
        """

    static let style = """
        :root { color-scheme: light dark; --line: #8884; --accent: #2563eb; --bad: #c2410c; --good: #15803d; }
        body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 52rem; padding: 3rem 1.25rem; }
        h1 { font-size: 1.75rem; margin: 0 0 .5rem; }
        p { margin: .5rem 0; overflow-wrap: anywhere; }
        .phase { display: inline-block; margin: 0 0 .5rem; padding: .1rem .7rem; border-radius: 1rem; color: #fff; background: var(--accent); }
        .phase.failed { background: var(--bad); }
        .phase.ready { background: var(--good); }
        .phase.destroyed, .phase.destroying, .phase.sleeping { background: #6b7280; }
        .message { font-size: 1.1rem; white-space: pre-wrap; }
        .hint, .about, footer { opacity: .75; }
        table { border-collapse: collapse; width: 100%; margin-top: 1.5rem; font-size: .9rem; }
        caption { text-align: left; opacity: .75; padding-bottom: .25rem; }
        td { border-top: 1px solid var(--line); padding: .3rem .75rem .3rem 0; vertical-align: top; overflow-wrap: anywhere; }
        td:nth-child(-n+2) { white-space: nowrap; font-variant-numeric: tabular-nums; opacity: .75; }
        tr.failure td:last-child { color: var(--bad); }
        footer { margin-top: 3rem; font-size: .8rem; }

        """

    /// The server's fragments are put in as they are: the same template made and escaped them.
    static let script = """
        "use strict";
        const mode = document.body.dataset.mode;
        if (mode === "retry") setTimeout(() => location.reload(), 2000);
        if (mode === "live") {
          const events = new EventSource("\(eventsPath)");
          events.addEventListener("page", (event) => { document.querySelector("main").innerHTML = JSON.parse(event.data); });
          events.addEventListener("title", (event) => { document.title = JSON.parse(event.data); });
          events.addEventListener("ready", () => { events.close(); location.reload(); });
          // A browser gives up on a stream that was refused; the page does not.
          events.addEventListener("error", () => { if (events.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), 5000); });
        }

        """
}

/// The view as the template reads it, by the names of its properties.
private struct PageContext {
    let heading, message, mode: String
    let phase, pullRequest, hint, link, commit: String?
    let title, author: String
    let hasLines, refreshes: Bool
    let lines: [PageView.Line]

    init(_ view: PageView) {
        func unlessEmpty(_ text: String) -> String? { text.isEmpty ? nil : text }
        heading = view.heading
        message = view.message
        mode = view.mode.rawValue
        phase = unlessEmpty(view.phase)
        pullRequest = unlessEmpty(view.pullRequest)
        hint = unlessEmpty(view.hint)
        link = unlessEmpty(view.link)
        commit = unlessEmpty(view.commit)
        title = view.title
        author = view.author
        lines = view.lines
        hasLines = !view.lines.isEmpty
        refreshes = view.mode != .still
    }
}
