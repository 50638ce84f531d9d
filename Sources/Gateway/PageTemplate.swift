import Mustache
import StagingModel

/// The page as HTML. The template escapes every value, and the page runs nothing but its own script.
struct PageTemplate {
    /// Nothing is loaded but from the page's own host, and nothing inline runs, whatever got into the page.
    static let contentSecurityPolicy =
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    /// All paths that are Slingshot's on every host, as a pattern of Caddy's.
    static let ownPaths = "/.slingshot/*"
    static let stylePath = "/.slingshot/page.css"
    static let scriptPath = "/.slingshot/page.js"
    static let eventsPath = "/.slingshot/events"

    private let library: MustacheLibrary

    init() throws {
        library = try MustacheLibrary(templates: [
            "page": MustacheTemplate(string: Self.page), "content": MustacheTemplate(string: Self.content),
        ])
    }

    func page(_ view: PageView) -> String { library.render(view.context, withTemplate: "page") ?? "" }

    /// What of the page changes while it is live: the elements with `data-part`, each of which the script puts in the place of its like.
    func content(_ view: PageView) -> String { library.render(view.context, withTemplate: "content") ?? "" }

    // What is said aloud to those who can't see is apart from what changes all the time: a log that is read out is a nuisance.
    private static let page = """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="robots" content="noindex">
        <meta name="color-scheme" content="light dark">
        <title>{{heading}}</title>
        <link rel="stylesheet" href="\(stylePath)">
        <script src="\(scriptPath)" defer></script>
        {{#refreshes}}<noscript><meta http-equiv="refresh" content="5"></noscript>{{/refreshes}}
        </head>
        <body data-mode="{{mode}}">
        <main>
        {{>content}}</main>
        <p id="aloud" class="aloud" aria-live="polite"></p>
        <footer>Slingshot</footer>
        </body>
        </html>

        """

    private static let content = """
        <header id="head" class="{{tone}}" data-part>
        {{#pullRequest}}<p class="about">{{#link}}<a href="{{link}}" rel="noopener noreferrer nofollow">{{/link}}{{pullRequest}}{{#link}}</a>{{/link}}</p>{{/pullRequest}}
        <h1>{{heading}}</h1>
        {{#pullRequest}}<p class="title">{{title}}</p>
        <p class="about">by {{author}}{{#commit}} · commit <code>{{commit}}</code>{{/commit}}</p>{{/pullRequest}}
        </header>
        <section id="state" class="{{tone}}" data-part>
        {{#hasStages}}<ol class="stages" aria-label="Progress">{{#stages}}<li class="{{state}}"{{#isCurrent}} aria-current="step"{{/isCurrent}}>{{name}}<span class="aloud">: {{state}}</span></li>{{/stages}}</ol>{{/hasStages}}
        <p class="message">{{message}}</p>
        {{#hint}}<p class="hint">{{hint}}{{#command}} <code>{{command}}</code>{{/command}}</p>{{/hint}}
        {{#end}}<p class="hint">{{end}}</p>{{/end}}
        </section>
        {{#isDetailed}}<div class="details{{#hasLog}} wide{{/hasLog}}">
        <section aria-labelledby="steps-title">
        <h2 id="steps-title">Steps <small>times in UTC</small></h2>
        <ol id="steps" class="steps" data-part>{{#steps}}<li class="{{kind}}"><time datetime="{{instant}}">{{time}}</time><span>{{message}}</span><span class="took"{{#isRunning}} data-seconds="{{seconds}}"{{/isRunning}}>{{took}}</span></li>
        {{/steps}}</ol>
        </section>
        {{#hasLog}}<section aria-labelledby="log-title">
        <h2 id="log-title">Last lines</h2>
        <div class="log" tabindex="0" role="region" aria-labelledby="log-title"><div id="log" data-part>{{#log}}<p>{{#source}}<b>{{source}}</b> {{/source}}{{text}}</p>
        {{/log}}{{^log}}<p class="none">{{noLog}}</p>{{/log}}</div></div>
        </section>{{/hasLog}}
        </div>{{/isDetailed}}

        """
}

extension PageView {
    /// What the template reads, by its names for it; what is empty is not there. Dictionaries, because the template would have to ask
    /// Swift's reflection for properties, tag by tag.
    fileprivate var context: [String: Any] {
        var context: [String: Any] = [
            "heading": heading, "message": message, "mode": mode.rawValue, "tone": tone.rawValue, "title": title, "author": author,
            "refreshes": mode != .still, "hasStages": !stages.isEmpty, "hasLog": log != nil, "isDetailed": !steps.isEmpty || log != nil,
            "noLog": mode == .live && tone != .bad ? "Nothing has been written yet." : "Nothing was written.",
        ]
        for (name, text) in [
            ("pullRequest", pullRequest), ("hint", hint), ("command", command), ("end", end), ("link", link), ("commit", commit),
        ] where !text.isEmpty {
            context[name] = text
        }
        context["stages"] = stages.map { stage in
            ["name": stage.name, "state": stage.state.rawValue, "isCurrent": stage.state == .current] as [String: Any]
        }
        context["steps"] = steps.map { step in
            [
                "time": step.time, "instant": step.instant, "kind": step.kind.rawValue, "message": step.message,
                "isRunning": step.kind == .running, "seconds": step.seconds ?? 0, "took": step.seconds.map { DurationText.text($0) } ?? "",
            ] as [String: Any]
        }
        context["log"] = (log ?? []).map { line in line.source.isEmpty ? ["text": line.text] : ["text": line.text, "source": line.source] }
        return context
    }
}
