import StagingModel
import Testing

@Suite struct RouteRuleTests {
    private static let service: JSONValue = [
        "metadata": ["name": "web"],
        "spec": [
            "ports": [
                ["name": "http", "port": 80, "targetPort": 8080], ["name": "grpc", "port": 81, "appProtocol": "kubernetes.io/h2c"],
                ["port": 82],
            ]
        ],
    ]

    private func ingress(_ name: String, host: JSONValue?, _ path: JSONValue) -> JSONValue {
        var rule: JSONValue = ["http": ["paths": [path]]]
        rule["host"] = host
        return ["metadata": ["name": .string(name)], "spec": ["rules": [rule]]]
    }

    private static func path(_ path: JSONValue?, _ port: JSONValue, type: JSONValue? = nil, service: JSONValue = "web") -> JSONValue {
        var value: JSONValue = ["backend": ["service": ["name": service, "port": port]]]
        value["path"] = path
        value["pathType"] = type
        return value
    }

    struct Case: Sendable {
        var path: JSONValue
        var at = "/"
        var isExact = false
        var transport = StackRoute.Transport.http
        var service = "web"
        var port: Int?
    }

    static let cases = [
        Case(path: path("/", ["name": "http"], type: "Prefix"), port: 80),
        Case(path: path(nil, ["number": 80]), port: 80),
        Case(path: path("/g", ["name": "grpc"], type: "Exact"), at: "/g", isExact: true, transport: .h2c, port: 81),
        Case(path: path("/x", ["number": 82], type: "ImplementationSpecific"), at: "/x", port: 82),
        // What pods listen on is not a Service's port, and a port without a name has none.
        Case(path: path("/", ["number": 8080]), port: nil),
        Case(path: path("/", ["name": "ftp"]), port: nil),
        Case(path: path("/", [:]), port: nil),
        Case(path: path("/", ["number": 80], service: "other"), service: "other", port: nil),
    ]

    @Test(arguments: cases) func `a path leads to a port of a Service`(given: Case) throws {
        let rules = RouteRule.rules(of: [ingress("web", host: "Shop-7.localhost", given.path)], services: [Self.service])
        let expected = RouteRule(
            host: "shop-7.localhost", path: given.at, isExact: given.isExact, transport: given.transport, service: given.service,
            port: given.port)
        #expect(rules == [expected])
    }

    @Test func `a rule for every host is none, and objects come by their names`() {
        let path = Self.path("/", ["number": 80])
        let rules = RouteRule.rules(
            of: [ingress("c", host: "c.localhost", path), ingress("b", host: nil, path), ingress("a", host: "a.localhost", path)],
            services: [Self.service])
        #expect(rules.map(\.host) == ["a.localhost", "c.localhost"])
    }

    @Test func `a route has an upstream an address`() {
        var rule = RouteRule(host: "h", service: "web", port: 80)
        #expect(rule.route(to: ["10.0.0.1", "fd00::9"]).upstreams == ["10.0.0.1:80", "[fd00::9]:80"])
        rule.port = nil
        #expect(rule.route(to: ["10.0.0.1"]).upstreams == [])
    }
}
