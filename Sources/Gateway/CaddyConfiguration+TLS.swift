import StagingModel

/// Where the certificates for stacks' hosts come from.
extension CaddyConfiguration {
    struct TLS: Hashable {
        /// How certificates are made; nil when they are only read.
        var policy: JSONValue?
        /// Files to read.
        var certificate: JSONValue?
        /// Whom Caddy asks before it has one made.
        var ask: JSONValue?

        /// Caddy's app of that name.
        var app: JSONValue {
            var app: JSONValue = [:]
            if let policy { app["automation"] = ["policies": [policy]] }
            if let ask { app["automation"]?["on_demand"] = ["ask": ask] }
            if let certificate { app["certificates"] = ["load_files": [certificate]] }
            return app
        }
    }

    /// The path on which Caddy asks for certificates. By it the question is known as Slingshot's.
    static let askPath = "/slingshot/certificate"
    static let policyID = "slingshot-policy"
    static let certificateID = "slingshot-certificate"

    /// Not put among those that the machine trusts: that would take root, and concern everybody on it.
    static let authority: JSONValue = ["name": "Slingshot", "install_trust": false]

    /// Nil for plain HTTP.
    var tls: TLS? {
        let policy: JSONValue = ["@id": .string(Self.policyID), "subjects": [.string(hosts)]]
        switch settings.tls {
        case .off: return nil
        case .internal:
            var own = policy
            own["issuers"] = [["module": "internal", "ca": .string(Self.name)]]
            return TLS(policy: own)
        case .files(let certificate, let key):
            return TLS(certificate: ["@id": .string(Self.certificateID), "certificate": .string(certificate), "key": .string(key)])
        case .onDemand:
            var demanding = policy
            demanding["on_demand"] = true
            return TLS(policy: demanding, ask: .string("http://127.0.0.1:\(askPort ?? 0)\(Self.askPath)"))
        }
    }
}
