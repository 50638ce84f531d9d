import StagingModel
import Testing

@testable import Planning

@Suite struct EndpointTests {
    private static let service =
        "apiVersion: v1\nkind: Service\nmetadata: {name: api}\nspec: {ports: [{name: http, port: 80}, {port: 81}]}\n"

    private func request(_ endpoints: String, manifests: String = service, addressing: StackAddressing? = nil) throws -> PlanRequest {
        try PlanningTests.request(
            stackFile: "manifests: deploy\nendpoints: \(endpoints)\n", files: ["deploy/a.yaml": manifests],
            addressing: addressing ?? StackAddressing(domain: "staging.example.com"))
    }

    private func problem(_ endpoints: String) -> String {
        do {
            return "no problem: \(try plan(request(endpoints)).digest)"
        } catch {
            return "\(error)"
        }
    }

    @Test func eachIsAHostOfItsOwn() throws {
        let addressing = StackAddressing(domain: "staging.example.com", ingressClass: "nginx", tlsSecret: "wildcard")
        let plan = try plan(request("{api: {service: api, port: 80}, admin: {service: api, port: http}}", addressing: addressing))
        #expect(
            plan.endpoints == [
                StackEndpoint(name: "api", url: "https://shop-42-api.staging.example.com"),
                StackEndpoint(name: "admin", url: "https://shop-42-admin.staging.example.com"),
            ])
        let ingress = try plan.object("Ingress/slingshot-endpoints")
        #expect(ingress[path: "spec.rules.0.host"] == "shop-42-api.staging.example.com")
        #expect(ingress[path: "spec.rules.0.http.paths.0.backend.service"] == ["name": "api", "port": ["number": 80]])
        #expect(ingress[path: "spec.rules.1.http.paths.0.backend.service"] == ["name": "api", "port": ["name": "http"]])
        #expect(ingress[path: "spec.ingressClassName"] == "nginx")
        #expect(
            ingress[path: "spec.tls"] == [
                ["hosts": ["shop-42-api.staging.example.com", "shop-42-admin.staging.example.com"], "secretName": "wildcard"]
            ])
        #expect(ingress[path: "metadata.labels"]?[StackMetadata.stack] == "shop-42")
        #expect(plan.objects.last?.wave == .workload)
    }

    @Test(arguments: [
        (GatewayAddress(isSecure: false, port: 8088), "http://shop-42-api.staging.localhost:8088"),
        (GatewayAddress(isSecure: true, port: 443), "https://shop-42-api.staging.localhost"),
    ]) func theGatewaysSchemeAndPortAreTheirsToo(gateway: GatewayAddress, url: String) throws {
        var addressing = StackAddressing(domain: "staging.localhost", ingressClass: "slingshot")
        addressing.gateway = gateway
        #expect(try plan(request("{api: {service: api, port: 80}}", addressing: addressing)).endpoints.map(\.url) == [url])
    }

    @Test func templatesAndExpressionsKnowThem() throws {
        let file =
            "template: web\nendpoints: {admin: {service: web, port: 80}}\nvalues: {env: {ADMIN: \"${{ stack.endpoints.admin.url }}/x\"}}\n"
        let plan = try plan(PlanningTests.request(stackFile: file, values: ["image": "i"]))
        #expect(try plan.object("ConfigMap/web")[path: "data.ADMIN"] == "http://shop-42-admin.staging.example.com/x")
    }

    @Test func anIngressOfTheAuthorMayServeThem() throws {
        let ingress =
            Self.service
            + "---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: x}\nspec: {rules: [{host: \"${{ stack.endpoints.api.host }}\"}]}\n"
        #expect(try plan(request("{api: {service: api, port: 80}}", manifests: ingress)).objects.contains { $0.name == "x" })
    }

    @Test func longNamesAreCut() throws {
        let name = String(repeating: "a", count: 40)
        let stack = try #require(StackName("\(name)-1234567890"))
        let host = StackAddressing(domain: "d").host(of: stack, endpoint: "abcdefghijklmnop")
        let label = String(host.dropLast(2))
        #expect(isDNSLabel(label) && label.hasPrefix("\(name)-1234567890-abcde"))
        #expect(host != StackAddressing(domain: "d").host(of: stack, endpoint: "abcdefghijklmnoq"))
    }

    @Test(arguments: [
        (
            "{api: {service: apo, port: 80}}",
            #"endpoints.api: the stack has no such Service: "apo" is unknown; did you mean "api"? known: api"#
        ),
        ("{api: {service: api, port: 82}}", "endpoints.api: Service/api has no such port; it has http, 81"),
        ("{api: {service: api, port: https}}", "endpoints.api: Service/api has no such port; it has http, 81"),
        ("{api: {service: api, port: 80, host: x}}", #"endpoints.api: "host" is unknown; did you mean "port"? known: service, port"#),
    ])
    func leadsSomewhere(endpoints: String, expected: String) {
        #expect(problem(endpoints) == ".slingshot.yaml:2: \(expected)")
    }

    @Test func areFew() {
        let many = (1...11).map { "e\($0): {service: api, port: 80}" }.joined(separator: ", ")
        #expect(problem("{\(many)}") == ".slingshot.yaml:2: endpoints: 11 endpoints, and 10 are allowed; name fewer")
    }
}
