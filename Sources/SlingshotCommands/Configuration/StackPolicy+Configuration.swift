import Planning
import StagingModel
import StrictYAML

extension StackPolicy {
    /// The configuration's `policy`; the standard one without it. Throws everything that is wrong at once.
    init(_ value: YAMLValue?) throws(YAMLProblem) {
        self.init()
        guard let value else { return }
        var problems = YAMLProblems()
        let mapping = try value.mapping(allowing: ["level", "allow"], &problems)
        problems.collect { () throws(YAMLProblem) in
            guard let given = mapping.optional("level") else { return }
            guard let level = Level(rawValue: try given.string()), level != .privileged else {
                throw given.problem("must be baseline or restricted; what goes beyond is named under allow")
            }
            self.level = level
        }
        if let allow = mapping.optional("allow") {
            problems.collect { () throws(YAMLProblem) in self.allow = try Allowance(allow) }
        }
        try problems.check()
    }
}

extension StackPolicy.Allowance {
    /// A list of the allowance: where it goes, and what each of its entries has to be.
    private struct Key: Sendable {
        let list: any WritableKeyPath<StackPolicy.Allowance, [String]> & Sendable
        let isEntry: @Sendable (String) -> Bool
        let rule: String
    }

    private static let lists: [String: Key] = [
        "kinds": Key(
            list: \.kinds, isEntry: StackPolicy.mayAllow,
            rule:
                "must be <Kind>.<group> of a custom resource, such as Certificate.cert-manager.io; Kubernetes' own kinds can't be allowed, "
                + "but for NetworkPolicy.networking.k8s.io"),
        "capabilities": Key(
            list: \.capabilities, isEntry: { $0.wholeMatch(of: /[A-Z][A-Z0-9_]*/) != nil && !$0.hasPrefix("CAP_") && $0 != "ALL" },
            rule: "must be one capability without CAP_, such as NET_BIND_SERVICE"),
        "volumes": Key(
            list: \.volumes, isEntry: { allowableVolumes.contains($0) }, rule: "must be one of \(allowableVolumes.joined(separator: ", "))"),
        "serviceTypes": Key(
            list: \.serviceTypes, isEntry: { StackPolicy.allowableServiceTypes.contains($0) },
            rule: "must be one of \(StackPolicy.allowableServiceTypes.joined(separator: ", "))"),
        "ingressHosts": Key(
            list: \.ingressHosts, isEntry: { isHost($0.hasPrefix("*.") ? String($0.dropFirst(2)) : $0) },
            rule: "must be a DNS name in lower case, or one after *. for any label before it, such as *.preview.example.com"),
        "metadata": Key(
            list: \.metadata, isEntry: { $0.wholeMatch(of: /[a-z0-9.-]+\/([A-Za-z0-9._-]+|\*)/) != nil },
            rule: "must be the key of a label or an annotation, or all of a domain: example.com/key or example.com/*"),
        "resources": Key(
            list: \.resources, isEntry: { $0.wholeMatch(of: /([a-z0-9.-]+\/[A-Za-z0-9._-]+|hugepages-[0-9]+[KMG]i)/) != nil },
            rule: "must be the name of an extended resource, such as nvidia.com/gpu"),
        "priorityClasses": Key(list: \.priorityClasses, isEntry: isHost, rule: "must be the name of a PriorityClass"),
        "runtimeClasses": Key(list: \.runtimeClasses, isEntry: isHost, rule: "must be the name of a RuntimeClass"),
    ]

    fileprivate init(_ value: YAMLValue) throws(YAMLProblem) {
        self.init()
        var problems = YAMLProblems()
        let mapping = try value.mapping(allowing: Self.lists.keys.sorted() + ["placement", "runAsRoot"], &problems)
        for (name, key) in Self.lists.sorted(by: { $0.key < $1.key }) {
            for entry in problems.collect({ () throws(YAMLProblem) in try mapping.optional(name)?.list() ?? [] }) ?? [] {
                problems.collect { () throws(YAMLProblem) in
                    guard key.isEntry(try entry.string()) else { throw entry.problem("\(Wording.quoted(try entry.string())) \(key.rule)") }
                    self[keyPath: key.list].append(try entry.string())
                }
            }
        }
        problems.collect { () throws(YAMLProblem) in placement = try mapping.optional("placement")?.boolean() ?? false }
        problems.collect { () throws(YAMLProblem) in runAsRoot = try mapping.optional("runAsRoot")?.boolean() ?? false }
        try problems.check()
    }

    @Sendable private static func isHost(_ text: String) -> Bool {
        text.utf8.count <= 253 && text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { isDNSLabel(String($0)) }
    }
}
