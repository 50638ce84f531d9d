import Testing

@testable import Planning

@Suite struct RoutingPolicyTests {
    @Test(arguments: [
        ("{type: LoadBalancer}", #"spec.type: "LoadBalancer" would reach out of the stack; remove the field, and use an Ingress"#),
        ("{type: NodePort}", #"spec.type: "NodePort" would reach out of the stack; remove the field, and use an Ingress"#),
        ("{type: ExternalName}", #"spec.type: "ExternalName" would reach out of the stack; remove the field, and use an Ingress"#),
        ("{externalIPs: [10.0.0.1]}", "spec.externalIPs: it would reach out of the stack; remove the field"),
        ("{externalName: metadata.internal}", "spec.externalName: it would reach out of the stack; remove the field"),
        (
            "{selector: {app.kubernetes.io/managed-by: Helm}}",
            "spec.selector: Slingshot sets the label app.kubernetes.io/managed-by itself; select by another one"
        ),
    ])
    func refusesServices(spec: String, expected: String) throws {
        #expect(
            try problems(of: "apiVersion: v1\nkind: Service\nmetadata: {name: x}\nspec: \(spec)\n") == [
                "deploy/app.yaml:4: Service/x: \(expected)"
            ])
    }

    @Test(arguments: [
        ("{}", "spec.rules: is missing; add a rule with host: ${{ stack.host }}"),
        ("{rules: [{http: {}}]}", "spec.rules[0]: a stack answers for its own host only; write host: ${{ stack.host }}"),
        ("{rules: [{host: example.com}]}", "spec.rules[0].host: a stack answers for its own host only; write host: ${{ stack.host }}"),
        (
            "{rules: [{host: \"*.staging.example.com\"}]}",
            "spec.rules[0].host: a stack answers for its own host only; write host: ${{ stack.host }}"
        ),
        (
            "{rules: [{host: shop-43.staging.example.com}]}",
            "spec.rules[0].host: a stack answers for its own host only; write host: ${{ stack.host }}"
        ),
        (
            "{defaultBackend: {}, rules: [{host: \"${{ stack.host }}\"}]}",
            "spec.defaultBackend: it would take requests for every host; use a rule for shop-42.staging.example.com"
        ),
        (
            "{tls: [{secretName: x}], rules: [{host: \"${{ stack.host }}\"}]}",
            "spec.tls: certificates are the server's to set; remove the field"
        ),
        (
            "{rules: [{host: \"${{ stack.host }}\", http: {paths: [{path: \"/x;}{\"}]}}]}",
            "spec.rules[0].http.paths[0].path: a path is made of letters, digits and / - _ . ~ % + @ : , only; write a plain prefix"
        ),
    ])
    func refusesIngresses(spec: String, expected: String) throws {
        #expect(
            try problems(of: "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: x}\nspec: \(spec)\n") == [
                "deploy/app.yaml:4: Ingress/x: \(expected)"
            ])
    }

    @Test(arguments: ["Ingress", "Service"])
    func refusesAnnotations(kind: String) throws {
        let version = kind == "Ingress" ? "networking.k8s.io/v1" : "v1"
        let text =
            "apiVersion: \(version)\nkind: \(kind)\nmetadata:\n  name: x\n  annotations: {nginx.ingress.kubernetes.io/server-snippet: x}\nspec: {rules: [{host: \"${{ stack.host }}\"}]}\n"
        #expect(
            try problems(of: text) == [
                "deploy/app.yaml:5: \(kind)/x: metadata.annotations: controllers outside the stack act on annotations of \(kind) objects; remove the field"
            ])
    }
}
