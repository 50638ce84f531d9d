import Foundation
import StagingModel

/// How a request gets to a stack.
extension CaddyConfiguration {
    /// For hosts that have a file. Caddy expands no pattern that a visitor sends: https://caddyserver.com/docs/json/apps/http/servers/routes/match/file/
    func direct(_ transport: StackRoute.Transport) -> JSONValue {
        let root = settings.routes.folder.appending(path: transport.rawValue).path
        let label = settings.domain.split(separator: ".").count  // counted from the right
        return [
            "match": [
                [
                    "host": [.string(hosts)], "not": [["path": [.string(PageTemplate.ownPaths)]]],
                    "file": ["root": .string(root), "try_files": [.string("/{http.request.host.labels.\(label)}/*")]],
                ]
            ],
            "terminal": true,
            "handle": [
                [
                    "handler": "map", "source": "{http.matchers.file.relative}", "destinations": ["{slingshot.upstream}"],
                    "mappings": [
                        ["input_regexp": .string("^/?([^/]+/\(DirectRoute.socketPrefix)[^/]+)$"), "outputs": [.string("unix/\(root)/$1")]],
                        ["input_regexp": "([^/]+)$", "outputs": ["$1"]],
                    ],
                ],
                Self.atStack, toStack(transport, at: "{slingshot.upstream}"),
            ],
        ]
    }

    /// Errors from here on are the stack's.
    static let atStack: JSONValue = ["handler": "vars", "slingshot_stage": "stack"]

    /// An idle connection is closed well before a pod that was replaced goes (a second after nobody is led to it): what is sent to an address
    /// that is no more is answered by nobody, and the visitor would wait for a minute.
    private static let keepAlive: JSONValue = ["idle_timeout": "400ms", "max_idle_conns_per_host": manyConnections]
    /// By default Caddy keeps 2 where anything is said of connections, and a busy one would make most of them anew.
    static let manyConnections: JSONValue = 512

    func toStack(_ transport: StackRoute.Transport, at upstream: String, anonymous: Bool = false) -> JSONValue {
        var proxy: JSONValue = [
            "handler": "reverse_proxy", "upstreams": [["dial": .string(upstream)]],
            // A stack may be ready a moment before its cluster leads there, and what is sent before that is lost, so a connection is soon tried
            // anew. Only what reached nobody is sent again: by default a GET would be too.
            "load_balancing": ["try_duration": "3s", "try_interval": "50ms", "retry_match": [["method": []]]],
            // As the visitor sent it: Caddy would ask for compressed answers, and unpack them, by itself.
            "transport": ["protocol": "http", "compression": false, "dial_timeout": "1s", "keep_alive": Self.keepAlive],
        ]
        if transport == .h2c { proxy["transport"]?["versions"] = ["h2c", "2"] }
        if anonymous { proxy["headers"] = ["request": ["delete": ["Authorization"]]] }
        return proxy
    }
}
