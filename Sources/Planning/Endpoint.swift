import StagingModel
import StrictYAML

/// A further host of a stack, `<stack>-<endpoint>.<domain>`, that leads to a Service of it.
struct Endpoint: Hashable, Sendable {
    let name: String
    let service: String
    /// A port's number or its name.
    let port: JSONValue
    /// Where it is written.
    let source: YAMLValue

    static let most = 10

    init(_ name: String, _ value: YAMLValue) throws(YAMLProblem) {
        guard name.wholeMatch(of: /[a-z][a-z0-9]{0,15}/) != nil else {
            throw value.problem("an endpoint's name is a lower-case letter and up to 15 more letters and digits; rename it")
        }
        let fields = try value.mapping(allowing: ["service", "port"])
        self.name = name
        source = value
        service = try fields.required("service").string()
        let port = try fields.required("port")
        switch port.json() {
        case .integer(let number) where (1...65_535).contains(number): self.port = .integer(number)
        case .string(let text) where isDNSLabel(text, longest: 15): self.port = .string(text)
        default: throw port.problem("must be a port of the Service: its number or its name")
        }
    }

    /// Endpoints that lead nowhere. What an operator makes of a custom resource can't be known beforehand, so then nothing is missed.
    static func problems(_ endpoints: [Endpoint], among objects: [PlannedObject]) -> [YAMLProblem] {
        guard objects.allSatisfy({ AllowedKind.all[$0.kind] != nil }) else { return [] }
        let services = objects.filter { $0.kind == "Service" }
        return endpoints.compactMap { endpoint in
            guard let service = services.first(where: { $0.name == endpoint.service }) else {
                return endpoint.source.problem(
                    "the stack has no such Service: \(Wording.unknown(endpoint.service, among: services.map(\.name).sorted()))")
            }
            let ports = service.manifest["spec"]?["ports"]?.array ?? []
            guard !ports.contains(where: { $0["port"] == endpoint.port || $0["name"] == endpoint.port }) else { return nil }
            let known = ports.compactMap { port in port["port"]?.integer.map { number in port["name"]?.string ?? String(number) } }
            return endpoint.source.problem("Service/\(service.name) has no such port; it has \(known.joined(separator: ", "))")
        }
    }

    /// One Ingress for all of them, which the author can't name.
    static func objects(_ request: PlanRequest, _ decoration: Decoration) -> [PlannedObject] {
        guard !request.endpoints.isEmpty else { return [] }
        let rules = request.endpoints.map { endpoint -> JSONValue in
            let port: JSONValue = endpoint.port.string == nil ? ["number": endpoint.port] : ["name": endpoint.port]
            return [
                "host": .string(request.addressing.host(of: request.stack, endpoint: endpoint.name)),
                "http": [
                    "paths": [
                        [
                            "path": "/", "pathType": "Prefix",
                            "backend": ["service": ["name": .string(endpoint.service), "port": port]],
                        ]
                    ]
                ],
            ]
        }
        var manifest: JSONValue = [
            "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": ["name": "slingshot-endpoints"],
            "spec": ["rules": .array(rules)],
        ]
        decoration.decorate(&manifest, kind: "Ingress", podTemplate: nil)
        return [
            PlannedObject(
                apiVersion: "networking.k8s.io/v1", kind: "Ingress", name: "slingshot-endpoints", namespace: decoration.namespace,
                wave: .workload, manifest: manifest)
        ]
    }
}

extension StackAddressing {
    func host(of stack: StackName, endpoint: String) -> String { "\(shortened(label: "\(stack)-\(endpoint)")).\(domain)" }
    func url(of stack: StackName, endpoint: String) -> String { url(ofHost: host(of: stack, endpoint: endpoint)) }

    /// What expressions see of an endpoint.
    func scope(of stack: StackName, endpoint: String) -> JSONValue {
        ["host": .string(host(of: stack, endpoint: endpoint)), "url": .string(url(of: stack, endpoint: endpoint))]
    }
}
