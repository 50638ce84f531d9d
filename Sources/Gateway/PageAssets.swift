/// The page's own files.
extension PageTemplate {
    /// Colours are chosen for a contrast of 4.5 and more (WCAG 2.2, 1.4.3) in light and dark.
    static let style = """
        :root { color-scheme: light dark; --page: #f6f7f9; --card: #fff; --text: #1a1f2b; --quiet: #5a6474; --line: #dfe3e9; --accent: #1d5fd1; --bad: #b3261e; --good: #146c3c; --log: #f0f2f5; }
        @media (prefers-color-scheme: dark) {
          :root { --page: #0f1218; --card: #181c25; --text: #e7eaf0; --quiet: #9aa5b6; --line: #2b3240; --accent: #7fb0ff; --bad: #ff9a90; --good: #6fd39b; --log: #11151c; }
        }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--page); color: var(--text); font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
        main { max-width: 64rem; margin: 0 auto; padding: clamp(1.5rem, 6vh, 4rem) 1.25rem 1rem; }
        main > * + * { margin-top: 1.5rem; }
        p, h1, h2, ol { margin: 0; padding: 0; overflow-wrap: anywhere; }
        ol { list-style: none; }
        h1 { font-size: clamp(1.5rem, 5vw, 2.125rem); line-height: 1.2; letter-spacing: -.01em; margin: .125rem 0 .5rem; }
        h2 { font-size: .875rem; margin-bottom: .5rem; }
        h2 small { font-weight: 400; color: var(--quiet); font-size: inherit; }
        a { color: var(--accent); text-underline-offset: .2em; }
        code, .log { font-family: ui-monospace, "SF Mono", Consolas, "DejaVu Sans Mono", monospace; }
        code { font-size: .9em; }
        .title { font-size: 1.0625rem; }
        .about, .hint, footer { color: var(--quiet); font-size: .875rem; }
        .aloud { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
        section { min-width: 0; }
        #state, .details > section { background: var(--card); border: 1px solid var(--line); border-radius: .75rem; padding: 1.25rem; }
        #state.bad { border-color: var(--bad); }
        #state > * + * { margin-top: .75rem; }
        #state .message { white-space: pre-wrap; min-height: 1.5em; }
        #state.bad .message { color: var(--bad); }

        .stages { display: flex; gap: .5rem; font-size: .875rem; }
        .stages li { flex: 1; min-width: 0; padding-top: .625rem; border-top: 4px solid var(--line); color: var(--quiet); overflow-wrap: normal; }
        .stages li.done { border-color: var(--good); color: var(--text); }
        .stages li.current { border-color: var(--accent); color: var(--accent); font-weight: 600; }
        .stages li.failed { border-color: var(--bad); color: var(--bad); font-weight: 600; }
        .stages li.current { border-image: linear-gradient(90deg, var(--accent) 50%, var(--line) 50%) 1; }
        @media (prefers-reduced-motion: no-preference) {
          .stages li.current { position: relative; border-image: none; border-color: var(--line); }
          .stages li.current::before { content: ""; position: absolute; inset: -4px 0 auto; height: 4px; background: linear-gradient(90deg, transparent, var(--accent), transparent); background-size: 50% 100%; background-repeat: no-repeat; animation: wander 1.8s ease-in-out infinite alternate; }
          @keyframes wander { from { background-position: 0 0; } to { background-position: 100% 0; } }
        }

        .details { display: grid; gap: 1.5rem; align-items: start; }
        .steps { font-size: .875rem; }
        .steps li { display: grid; grid-template-columns: auto 1fr auto; gap: 0 .75rem; padding: .375rem 0; border-top: 1px solid var(--line); }
        .steps li:first-child { border-top: 0; padding-top: 0; }
        .steps time, .took { color: var(--quiet); font-variant-numeric: tabular-nums; white-space: nowrap; }
        .steps .running span { font-weight: 600; }
        .steps .failure span:not(.took) { color: var(--bad); }
        .log { display: flex; flex-direction: column-reverse; height: 22rem; overflow: auto; overscroll-behavior: contain; padding: .75rem; border-radius: .5rem; background: var(--log); font-size: .8125rem; line-height: 1.45; }
        /* Reversed, it begins and stays at its end without a script; this keeps few lines at the top. */
        .log > div { margin-bottom: auto; }
        .log p { white-space: pre-wrap; }
        .log b { font-weight: 400; color: var(--accent); }
        .log .none { color: var(--quiet); }
        .log:focus-visible, a:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
        @media (min-width: 60rem) { .details.wide { grid-template-columns: minmax(0, 5fr) minmax(0, 6fr); } }
        footer { max-width: 64rem; margin: 0 auto; padding: 1rem 1.25rem 2rem; }

        """

    /// The server's fragments are put in as they are: the same template made and escaped them. Only parts that changed are touched, so that
    /// what somebody selected or scrolled stays.
    static let script = """
        "use strict";
        const mode = document.body.dataset.mode;
        const shown = new Map();
        const parts = (root) => root.querySelectorAll("[data-part]");
        for (const part of parts(document)) shown.set(part.id, part.outerHTML);

        function show(html) {
          const next = [...parts(new DOMParser().parseFromString(html, "text/html"))];
          const main = document.querySelector("main");
          if (next.length !== parts(main).length) main.innerHTML = html;
          for (const part of next) {
            if (shown.get(part.id) === part.outerHTML) continue;
            shown.set(part.id, part.outerHTML);
            document.getElementById(part.id).replaceWith(part);
          }
          const stage = document.querySelector("[aria-current]");
          const news = document.querySelector("h1").textContent + (stage ? ", " + stage.firstChild.textContent : "");
          const aloud = document.getElementById("aloud");
          if (aloud.textContent !== news) aloud.textContent = news;
        }

        function words(seconds) {
          const units = [[86400, "d"], [3600, "h"], [60, "m"]];
          let text = "";
          for (const [size, unit] of units) if (seconds >= size) { text += Math.floor(seconds / size) + unit; seconds %= size; }
          return seconds > 0 || text === "" ? text + seconds + "s" : text;
        }

        // How long the current step has taken so far: counted here, so that no clock has to agree with the server's.
        const began = new WeakMap();
        setInterval(() => {
          for (const element of document.querySelectorAll("[data-seconds]")) {
            if (!began.has(element)) began.set(element, performance.now());
            element.textContent = words(Number(element.dataset.seconds) + Math.floor((performance.now() - began.get(element)) / 1000));
          }
        }, 500);

        if (mode === "retry") setTimeout(() => location.reload(), 2000);
        if (mode === "live") {
          const events = new EventSource("\(eventsPath)");
          events.addEventListener("page", (event) => show(JSON.parse(event.data)));
          events.addEventListener("title", (event) => { document.title = JSON.parse(event.data); });
          events.addEventListener("ready", () => { events.close(); location.reload(); });
          // A browser gives up on a stream that was refused; the page does not.
          events.addEventListener("error", () => { if (events.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), 5000); });
        }

        """
}
