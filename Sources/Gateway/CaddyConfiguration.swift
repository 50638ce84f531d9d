import Foundation
import StagingModel

/// What Caddy is told, once: to look for a request's host in ``RouteFolder``, to ask Slingshot where it is not there, and to carry out the answer.
/// Pure.
///
/// It does not name stacks. Caddy 2.6 closes every WebSocket whenever its configuration changes, so with a route a stack each stack that comes
/// or goes would cut off the visitors of all others; instead a file names the upstream, or Slingshot answers the request either itself, with
/// a page, or with the upstream's address in a header (the way of Caddy's own `forward_auth`).
struct CaddyConfiguration {
    let settings: GatewaySettings
    /// The loopback port that says which hosts may get a certificate; for ``GatewaySettings/TLS/onDemand`` only.
    var askPort: Int?

    /// The headers by which the two talk. A visitor's own of these names are overwritten, or not listened to.
    enum Header {
        static let route = "X-Slingshot-Route"
        static let upstream = "X-Slingshot-Upstream"
        static let host = "X-Slingshot-Host"
        static let visitor = "X-Slingshot-Visitor"
        static let method = "X-Slingshot-Method"
        static let target = "X-Slingshot-Target"
    }

    /// The `Host` that the control socket insists on, so that no page in a browser can talk to it by some forwarding.
    static let adminOrigin = "slingshot"

    /// The name of the server, and the `@id` of all that is Slingshot's where Caddy is somebody else's too.
    static let name = "slingshot"

    /// Before anything is served: the control socket only.
    var initial: JSONValue { ["admin": admin] }

    /// For a Caddy of our own.
    var whole: JSONValue {
        var apps: JSONValue = [
            "http": [
                // A visitor who never hangs up must not keep a Caddy alive that was told to end.
                "grace_period": "3s",
                "servers": [Self.name: server],
            ]
        ]
        if let tls { apps["tls"] = tls.app }
        if settings.tls == .internal { apps["pki"] = ["certificate_authorities": [Self.name: Self.authority]] }
        return [
            "admin": admin, "apps": apps, "logging": ["logs": ["default": ["level": "WARN"]]],
            "storage": ["module": "file_system", "root": .string(settings.directory.appending(path: "caddy").path)],
        ]
    }

    private var admin: JSONValue {
        ["listen": .string("unix/" + settings.adminSocket), "origins": [.string(Self.adminOrigin)], "config": ["persist": false]]
    }

    var server: JSONValue {
        var server: JSONValue = [
            "listen": [.string(settings.listen)],
            // Who sends nothing holds no connection; the body of an upload may take as long as it likes.
            "read_header_timeout": "30s", "idle_timeout": "2m", "routes": [route],
        ]
        if settings.isSecure {
            server["tls_connection_policies"] = [[:]]
            if !settings.listen.hasSuffix(":443") { server["automatic_https"] = ["disable_redirects": true] }
        } else {
            server["automatic_https"] = ["disable": true]
            server["protocols"] = ["h1", "h2", "h2c"]
        }
        return server
    }

    /// All that a server needs to know of stacks.
    var route: JSONValue {
        var route: JSONValue = [
            "@id": .string(Self.name), "terminal": true,
            "handle": [
                noindex,
                [
                    "handler": "subroute", "routes": [direct(.http), direct(.h2c), ["handle": [ask]]],
                    "errors": [
                        "routes": [
                            ["match": [["vars": ["slingshot_stage": ["stack"]]]], "handle": [noindex, toPages("/unreachable")]],
                            ["handle": [noindex, Self.restarting]],
                        ]
                    ],
                ],
            ],
        ]
        if settings.isSecure || settings.caddy != .own { route["match"] = [["host": [.string(hosts)]]] }
        return route
    }

    var hosts: String { "*." + settings.domain }

    /// Slingshot itself does not answer.
    private static let restarting: JSONValue = [
        "handler": "static_response", "status_code": 503,
        "headers": ["Content-Type": ["text/plain; charset=utf-8"], "Retry-After": ["5"], "Cache-Control": ["no-store"]],
        "body": "Slingshot is restarting; try again in a few seconds\n",
    ]

    private var noindex: JSONValue {
        ["handler": "headers", "response": ["deferred": true, "set": ["X-Robots-Tag": ["noindex"]]]]
    }

    private var ask: JSONValue {
        var ask = toPages("/resolve")
        ask["handle_response"] = .array(
            [StackRoute.Transport.http, .h2c].flatMap { transport in
                [false, true].map { anonymous in
                    [
                        "match": ["headers": [Header.route: [.string(Self.routeName(transport, anonymous: anonymous))]]],
                        "routes": [
                            [
                                "handle": .array([
                                    Self.atStack,
                                    toStack(transport, at: "{http.reverse_proxy.header.\(Header.upstream)}", anonymous: anonymous),
                                ])
                            ]
                        ],
                    ]
                }
            })
        return ask
    }

    /// What the header ``Header/route`` says. `anonymous`: the visitor's `Authorization` was for Slingshot, and is none of the stack's business.
    static func routeName(_ transport: StackRoute.Transport, anonymous: Bool) -> String {
        transport.rawValue + (anonymous ? "-anonymous" : "")
    }

    private func toPages(_ path: String) -> JSONValue {
        let set: JSONValue = [
            Header.host: ["{http.request.hostport}"], Header.visitor: ["{http.request.remote.host}"],
            Header.method: ["{http.request.orig_method}"],
            Header.target: ["{http.request.orig_uri}"],
        ]
        return [
            "handler": "reverse_proxy", "upstreams": [["dial": .string("unix/" + settings.pagesSocket)]],
            // GET: the body stays where it is, for the stack.
            "rewrite": ["method": "GET", "uri": .string(path)], "flush_interval": -1,
            "transport": ["protocol": "http", "compression": false, "keep_alive": ["max_idle_conns_per_host": Self.manyConnections]],
            "headers": ["request": ["set": set, "delete": ["Upgrade", "Connection", "Expect"]], "response": ["delete": ["Server"]]],
        ]
    }
}
