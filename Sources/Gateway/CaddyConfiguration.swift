import Foundation
import StagingModel

/// What Caddy is told, once: to ask Slingshot about each request, and to carry out the answer. Pure.
///
/// It does not name stacks. Caddy 2.6 closes every WebSocket whenever its configuration changes, so with a route a stack each stack that comes
/// or goes would cut off the visitors of all others; instead Slingshot answers each request either itself, with a page, or with the
/// upstream's address in a header (the way of Caddy's own `forward_auth`).
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

    /// Before anything is served: the control socket only.
    var initial: JSONValue { ["admin": admin] }

    var whole: JSONValue {
        var apps: JSONValue = [
            "http": [
                // A visitor who never hangs up must not keep a Caddy alive that was told to end.
                "grace_period": "3s",
                "servers": ["slingshot": server],
            ]
        ]
        if let tls { apps["tls"] = tls }
        if settings.tls == .internal { apps["pki"] = ["certificate_authorities": ["local": ["install_trust": false]]] }
        return [
            "admin": admin, "apps": apps, "logging": ["logs": ["default": ["level": "WARN"]]],
            "storage": ["module": "file_system", "root": .string(settings.directory.appending(path: "caddy").path)],
        ]
    }

    private var admin: JSONValue {
        ["listen": .string("unix/" + settings.adminSocket), "origins": [.string(Self.adminOrigin)], "config": ["persist": false]]
    }

    private var server: JSONValue {
        var route: JSONValue = ["handle": .array([noindex, ask]), "terminal": true]
        var server: JSONValue = [
            "listen": [.string(settings.listen)],
            // Who sends nothing holds no connection; the body of an upload may take as long as it likes.
            "read_header_timeout": "30s", "idle_timeout": "2m",
            "errors": [
                "routes": [
                    [
                        "match": [["vars": ["slingshot_stage": ["stack"]]]],
                        "handle": .array([noindex, toPages("/unreachable")]),
                    ],
                    // Slingshot itself does not answer.
                    [
                        "handle": [
                            noindex,
                            [
                                "handler": "static_response", "status_code": 503,
                                "headers": [
                                    "Content-Type": ["text/plain; charset=utf-8"], "Retry-After": ["5"], "Cache-Control": ["no-store"],
                                ],
                                "body": "Slingshot is restarting; try again in a few seconds\n",
                            ],
                        ]
                    ],
                ]
            ],
        ]
        if settings.isSecure {
            route["match"] = [["host": [.string("*." + settings.domain)]]]
            server["tls_connection_policies"] = [[:]]
            if !settings.listen.hasSuffix(":443") { server["automatic_https"] = ["disable_redirects": true] }
        } else {
            server["automatic_https"] = ["disable": true]
            server["protocols"] = ["h1", "h2", "h2c"]
        }
        server["routes"] = [route]
        return server
    }

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
                                    ["handler": "vars", "slingshot_stage": "stack"], toStack(transport, anonymous: anonymous),
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
            "headers": ["request": ["set": set, "delete": ["Upgrade", "Connection", "Expect"]], "response": ["delete": ["Server"]]],
        ]
    }

    private func toStack(_ transport: StackRoute.Transport, anonymous: Bool) -> JSONValue {
        var proxy: JSONValue = [
            "handler": "reverse_proxy", "upstreams": [["dial": .string("{http.reverse_proxy.header.\(Header.upstream)}")]],
            "flush_interval": -1,
            // As the visitor sent it: Caddy would ask for compressed answers, and unpack them, by itself.
            "transport": ["protocol": "http", "compression": false, "dial_timeout": "5s"],
        ]
        if transport == .h2c {
            proxy["transport"] = ["protocol": "http", "compression": false, "dial_timeout": "5s", "versions": ["h2c", "2"]]
        }
        if anonymous { proxy["headers"] = ["request": ["delete": ["Authorization"]]] }
        return proxy
    }

    private var tls: JSONValue? {
        let subjects: JSONValue = [.string("*." + settings.domain)]
        switch settings.tls {
        case .off: return nil
        case .internal: return ["automation": ["policies": [["subjects": subjects, "issuers": [["module": "internal"]]]]]]
        case .files(let certificate, let key):
            return ["certificates": ["load_files": [["certificate": .string(certificate), "key": .string(key)]]]]
        case .onDemand:
            return [
                "automation": [
                    "policies": [["subjects": subjects, "on_demand": true]],
                    "on_demand": ["ask": .string("http://127.0.0.1:\(askPort ?? 0)/certificate")],
                ]
            ]
        }
    }
}
