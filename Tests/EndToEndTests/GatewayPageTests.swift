import Foundation
import Gateway
import SlingshotTestSupport
import StagingModel
import Synchronization
import Testing

/// What the gateway's pages look like, in a real browser: light and dark, wide and as on a telephone.
@Suite(.serialized, .timeLimit(.minutes(5))) struct GatewayPageTests {
    private static let lines = (1...30).map { number in
        LogLine(
            pod: number % 5 == 0 ? "db-0" : "web-5d8f7c-x2x", container: number % 5 == 0 ? "postgres" : "web", time: "",
            text: number % 7 == 0
                ? "\u{1B}[33mWARN\u{1B}[0m the cache is cold, so this request took longer than it should have: GET /api/v1/products?page=\(number)"
                : "\u{1B}[32mINFO\u{1B}[0m step \(number) of the migrations <b>done</b>")
    }

    private static let deploying: [(ago: TimeInterval, kind: StackEvent.Kind, name: String, message: String)] = [
        (17, .delivery, "opened", "opened: launches the stack at the pull request's head"),
        (17, .step, "fetch", "fetching refs/pull/7/head"),
        (16, .outcome, "fetch", "fetched aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), (16, .step, "deploy", "deploying aaaaaaa"),
        (14, .outcome, "deploy", "applied 13 objects of aaaaaaa, plan 0f3b7a9c2d11"),
        (14, .step, "progress", "Deployment/db: 0 of 1 ready"),
        (9, .step, "progress", "Deployment/web: 0 of 2 ready"),
    ]

    private static let states: [(name: String, host: String?, text: String, events: Int, change: @Sendable (inout Stack) -> Void)] = [
        ("queued", nil, "is on its way", 2, { $0.message = "fetching refs/pull/7/head" }),
        (
            "building", nil, "is on its way", 3,
            {
                $0.phase = .building
                $0.message = "building the image from Containerfile"
            }
        ),
        (
            "deploying", nil, "Deployment/web", 7,
            {
                $0.phase = .deploying
                $0.message = "Deployment/web: 0 of 2 ready"
            }
        ),
        (
            "failed", nil, "shop-7 failed", 7,
            {
                $0.phase = .failed
                $0.message =
                    "Deployment/web: the container web ended with status 1 again and again; its last line: Error: DATABASE_URL is not set"
            }
        ),
        (
            "destroyed", nil, "shop-7 is gone", 7,
            {
                $0.phase = .destroyed
                $0.wanted = .gone(.expired)
            }
        ),
        ("unreachable", nil, "does not answer", 7, { GatewayRig.ready(&$0) }),
        ("unknown", "nothing-1.staging.localhost", "There is no stack here", 0, { _ in }),
    ]

    @Test(arguments: states.indices) func looks(index: Int) async throws {
        let state = Self.states[index]
        try await withTemporaryDirectory { directory in
            let route = StackRoute(host: "shop-7.staging.localhost", upstreams: ["127.0.0.1:1"])
            try await GatewayRig.run(routes: [route], lines: { _ in Self.lines }, directory: directory) { rig async throws in
                try await rig.save(Array(Self.deploying.prefix(state.events))) {
                    $0.pullRequest.title = "Add a basket that remembers what was in it"
                    state.change(&$0)
                }
                try await Chromium.with { browser in
                    for (name, width, isDark) in [("light", 1200, false), ("dark", 1200, true), ("phone", 390, false)]
                        as [(String, Int64, Bool)]
                    {
                        try await browser.look(width: width, isDark: isDark)
                        try await browser.open("http://\(state.host ?? "shop-7.staging.localhost"):\(rig.visitor.port)/")
                        try await browser.wait(for: state.text)
                        if ["deploying", "failed"].contains(state.name) {
                            try await browser.wait(for: "INFO step 30 of the migrations <b>done</b>")
                        }
                        // The page's own policy lets its style in, and nothing sticks out.
                        try await browser.wait(until: "getComputedStyle(document.querySelector('main')).maxWidth === '1024px'")
                        let overflow = try await browser.value(
                            of: "document.documentElement.scrollWidth - document.documentElement.clientWidth")
                        #expect(overflow == 0, "\(state.name) \(name)")
                        try keep(try await browser.screenshot(), as: "\(state.name)-\(name)")
                    }
                }
            }
        }
    }

    @Test func `what comes later moves nothing that is there`() async throws {
        try await withTemporaryDirectory { directory in
            let known = Mutex(0)
            try await GatewayRig.run(lines: { _ in known.withLock { Array(Self.lines.prefix($0)) } }, directory: directory) {
                rig async throws in
                try await rig.save(Array(Self.deploying.prefix(2))) { $0.message = "fetching refs/pull/7/head" }
                try await Chromium.with { browser in
                    try await browser.look(width: 1200, isDark: false)
                    try await browser.open("http://shop-7.staging.localhost:\(rig.visitor.port)/")
                    try await browser.wait(for: "fetching")
                    _ = try await browser.value(
                        of:
                            "window.shift = 0; new PerformanceObserver((list) => { for (const entry of list.getEntries()) shift += entry.value; }).observe({type: 'layout-shift'}); 1"
                    )
                    for count in 3...7 {
                        try await rig.save(Array(Self.deploying[(count - 1)..<count])) {
                            $0.phase = .deploying
                            $0.message = Self.deploying[count - 1].message
                        }
                        known.withLock { $0 = count * 4 }
                        try await browser.wait(for: "step \(count * 4 % 7 == 0 ? count * 4 - 1 : count * 4) of the migrations")
                    }
                    // What is said aloud is the heading and the stage, not every line.
                    #expect(
                        try await browser.value(of: "document.getElementById('aloud').textContent") == "shop-7 is on its way, Deploying")
                    // Up to 0.1 is good (https://web.dev/articles/cls).
                    let shift = try await browser.value(of: "Math.round(shift * 1000)").integer
                    #expect((shift ?? 1_000) < 20, "\(String(describing: shift)) thousandths")
                    try await rig.save {
                        $0.phase = .failed
                        $0.message = "it crashed"
                    }
                    try await browser.wait(for: "shop-7 failed")
                    #expect(browser.navigations.filter { $0.hasPrefix("http") }.count == 1)
                }
            }
        }
    }
}

/// Writes a picture into the folder that SLINGSHOT_SCREENSHOTS names, for people to look at.
func keep(_ picture: Data, as name: String) throws {
    #expect(picture.starts(with: [0x89, 0x50, 0x4E, 0x47]))
    guard let folder = ProcessInfo.processInfo.environment["SLINGSHOT_SCREENSHOTS"] else { return }
    try picture.write(to: URL(filePath: folder).appending(path: "gateway-\(name).png"))
}
