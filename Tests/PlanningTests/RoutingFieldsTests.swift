import Testing

@testable import Planning

@Suite struct RoutingFieldsTests {
    @Test(arguments: [
        (
            "{type: LoadBalancer}",
            #"spec.type: "LoadBalancer" would reach out of the stack; use ClusterIP and an Ingress, or let an administrator set policy.allow.serviceTypes: [LoadBalancer]"#
        ),
        (
            "{type: NodePort}",
            #"spec.type: "NodePort" would reach out of the stack; use ClusterIP and an Ingress, or let an administrator set policy.allow.serviceTypes: [NodePort]"#
        ),
        ("{type: ExternalName}", #"spec.type: "ExternalName" would reach out of the stack; remove the field, and use an Ingress"#),
        ("{externalIPs: [10.0.0.1]}", "spec.externalIPs: traffic of others to these addresses would come to the stack; remove the field"),
        ("{clusterIP: 10.96.0.10}", "spec.clusterIP: the cluster chooses the address; remove the field"),
        ("{ports: [{port: 80, nodePort: 30000}]}", "spec.ports[0].nodePort: the port would be opened on every node; remove the field"),
        ("{loadBalancerIP: 1.2.3.4}", "spec.loadBalancerIP: the address might be another's; remove the field"),
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
        ("{rules: [{http: {}}]}", "spec.rules[0]: a stack answers for its own hosts only; write host: ${{ stack.host }}"),
        (
            "{rules: [{host: example.com}]}",
            "spec.rules[0].host: a stack answers for its own hosts only; write host: ${{ stack.host }}, or let an administrator set policy.allow.ingressHosts: [example.com]"
        ),
        (
            "{rules: [{host: \"*.staging.example.com\"}]}",
            "spec.rules[0].host: a stack answers for its own hosts only; write host: ${{ stack.host }}, or let an administrator set policy.allow.ingressHosts: [*.staging.example.com]"
        ),
        (
            "{rules: [{host: shop-43.staging.example.com}]}",
            "spec.rules[0].host: a stack answers for its own hosts only; write host: ${{ stack.host }}, or let an administrator set policy.allow.ingressHosts: [shop-43.staging.example.com]"
        ),
        (
            "{rules: [{host: \"${{ stack.host }}\", http: {paths: [{path: /, backend: {resource: {kind: Bucket}}}]}}]}",
            "spec.rules[0].http.paths[0].backend.resource: what is no Service is not the stack's to route to; use a Service"
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

    /// Each of them makes something outside the stack act.
    @Test(arguments: [
        "nginx.ingress.kubernetes.io/server-snippet", "nginx.ingress.kubernetes.io/configuration-snippet", "kubernetes.io/ingress.class",
        "external-dns.alpha.kubernetes.io/hostname", "service.beta.kubernetes.io/aws-load-balancer-type", "k8s.v1.cni.cncf.io/networks",
        "vault.hashicorp.com/agent-inject", "iam.amazonaws.com/role", "eks.amazonaws.com/role-arn", "azure.workload.identity/use",
    ])
    func refusesKeysThatOthersActOn(key: String) throws {
        for (head, field) in [
            ("apiVersion: v1\nkind: Service", "annotations"), ("apiVersion: networking.k8s.io/v1\nkind: Ingress", "annotations"),
            ("apiVersion: v1\nkind: ServiceAccount", "annotations"), ("apiVersion: v1\nkind: Pod", "labels"),
        ] {
            let text = "\(head)\nmetadata:\n  name: x\n  \(field): {\(key): \"x\", app: a, prometheus.io/scrape: \"true\"}\n"
            let found = try problems(of: text).first ?? ""
            #expect(
                found.hasSuffix(
                    "metadata.\(field)[\"\(key)\"]: something outside the stack may act on it; remove it, or let an administrator set policy.allow.metadata: [\(key)]"
                ))
        }
    }
}
