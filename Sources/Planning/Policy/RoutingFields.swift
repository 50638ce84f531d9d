import StagingModel
import StrictYAML

/// Every field of Services and Ingresses, as ``PodFields``.
enum RoutingFields {
    static let service = FieldRule.fields([
        "allocateLoadBalancerNodePorts": .scalar,
        "clusterIP": .only("None", "", because: "the cluster chooses the address; remove the field"),
        "clusterIPs": .list(.only("None", because: "the cluster chooses the address; remove the field")),
        "externalIPs": .refused("traffic of others to these addresses would come to the stack; remove the field"),
        "externalName": .refused("it would reach out of the stack; remove the field"),
        "externalTrafficPolicy": .scalar,
        "healthCheckNodePort": .refused("the port would be opened on every node; remove the field"),
        "internalTrafficPolicy": .scalar,
        "ipFamilies": .scalars,
        "ipFamilyPolicy": .scalar,
        "loadBalancerClass": .refused("which load balancer serves a stack is the server's to say; remove the field"),
        "loadBalancerIP": .refused("the address might be another's; remove the field"),
        "loadBalancerSourceRanges": .scalars,
        "ports": .list(
            .fields([
                "appProtocol": .scalar, "name": .scalar, "port": .scalar, "protocol": .scalar, "targetPort": .scalar,
                "nodePort": .refused("the port would be opened on every node; remove the field"),
            ])),
        "publishNotReadyAddresses": .scalar,
        "selector": KindFields.labels,
        "sessionAffinity": .scalar,
        "sessionAffinityConfig": .fields(["clientIP": .fields(["timeoutSeconds": .scalar])]),
        "topologyKeys": .scalars,
        "trafficDistribution": .scalar,
        "type": .judged(.scalar) { field, review in
            let type = field.value.string ?? ""
            if type == "ClusterIP" || review.policy.allow.serviceTypes.contains(type) { return }
            let reason = "\(Wording.quoted(type)) would reach out of the stack"
            if StackPolicy.allowableServiceTypes.contains(type) {
                review.refuse(field, "\(reason); use ClusterIP and an Ingress", orAllowedBy: "serviceTypes", type)
            } else {
                review.refuse(field, "\(reason); remove the field, and use an Ingress")
            }
        },
    ])

    static let ingress = FieldRule.judged(
        .fields([
            "defaultBackend": .judged(.any) { field, review in
                review.refuse(field, "it would take requests for every host; use a rule for \(review.policy.hosts[0])")
            },
            "ingressClassName": .scalar,
            "rules": .list(
                .judged(.fields(["host": host, "http": .fields(["paths": .list(path)])])) { field, review in
                    if field["host"] == nil { review.refuse(field, ownHosts) }
                }),
            "tls": .refused("certificates are the server's to set; remove the field"),
        ])
    ) { field, review in
        if field["rules"]?.items.isEmpty ?? true {
            review.refuse(field.path.appending("rules"), "is missing; add a rule with host: ${{ stack.host }}")
        }
    }

    private static let ownHosts = "a stack answers for its own hosts only; write host: ${{ stack.host }}"

    private static let host = FieldRule.judged(.scalar) { field, review in
        guard let host = field.value.string, review.policy.mayServe(host) else {
            return review.refuse(field, ownHosts, orAllowedBy: "ingressHosts", field.value.string ?? "")
        }
    }

    private static let path = FieldRule.fields([
        "backend": .fields([
            "resource": .refused("what is no Service is not the stack's to route to; use a Service"),
            "service": .fields(["name": .scalar, "port": .fields(["name": .scalar, "number": .scalar])]),
        ]),
        // Controllers copy the path into their own configuration: see ingress-nginx's strict-validate-path-type.
        "path": .judged(.scalar) { field, review in
            if !(field.value.string.map(isPlainPath) ?? false) {
                review.refuse(field, "a path is made of letters, digits and / - _ . ~ % + @ : , only; write a plain prefix")
            }
        },
        "pathType": .scalar,
    ])

    private static func isPlainPath(_ path: String) -> Bool {
        path.first == "/" && path.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "/-_.~%+@:,".contains($0)) }
    }
}
