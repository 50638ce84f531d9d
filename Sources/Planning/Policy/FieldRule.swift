import StagingModel
import StrictYAML

/// What a stack may write into one field of a manifest.
///
/// The tables that are made of it name every field that Kubernetes has, up to 1.33. What they don't name is refused: a field of a newer
/// Kubernetes gets through only after somebody has looked at what it does.
indirect enum FieldRule: Sendable {
    /// A text, a number or a boolean that reaches no further than the stack.
    case scalar
    /// Whatever it is, it reaches no further than the stack.
    case any
    case list(FieldRule)
    /// A mapping whose keys are the author's to choose.
    case map(FieldRule)
    /// A mapping with these fields and no others.
    case fields([String: FieldRule])
    /// Never. The text says why, and after a semicolon what to do.
    case refused(String)
    /// Looked at by a function; then, if that found nothing, by the rule.
    case judged(FieldRule, @Sendable (ManifestField, inout ManifestReview) -> Void)

    static let scalars = FieldRule.list(.scalar)
    static let scalarMap = FieldRule.map(.scalar)

    /// Only `false`, whatever type the rest has.
    static func onlyFalse(_ reason: String) -> FieldRule {
        .judged(.any) { field, review in if field.value != false { review.refuse(field, reason) } }
    }

    static func only(_ values: JSONValue..., because reason: String) -> FieldRule {
        .judged(.any) { field, review in if !values.contains(field.value) { review.refuse(field, reason) } }
    }

    /// Only if the server's configuration sets `key`, a boolean of the allowance.
    static func permitted(_ rule: FieldRule, by key: any KeyPath<StackPolicy.Allowance, Bool> & Sendable, _ name: String, _ reason: String)
        -> FieldRule
    {
        .judged(rule) { field, review in
            if !review.policy.allow[keyPath: key] {
                review.refuse(field, "\(reason); remove the field, or let an administrator set policy.allow.\(name): true")
            }
        }
    }

    /// Only a text that the server's configuration names in `key`, a list of the allowance.
    static func named(in key: any KeyPath<StackPolicy.Allowance, [String]> & Sendable, _ name: String, _ reason: String) -> FieldRule {
        .judged(.scalar) { field, review in
            let text = field.value.string ?? ""
            if !review.policy.allow[keyPath: key].contains(text) {
                review.refuse(field, reason, allowedBy: name, text)
            }
        }
    }
}

extension ManifestReview {
    /// Holds a value against its rule. A null counts as absent, as it does for the API server.
    mutating func check(_ value: JSONValue, _ rule: FieldRule) {
        guard value != .null else { return }
        switch rule {
        case .any: break
        case .scalar:
            if value.array != nil || value.object != nil {
                refuse(here, "must be a single value, not a \(value.array == nil ? "mapping" : "list")")
            }
        case .refused(let reason): refuse(here, reason)
        case .judged(let rule, let judge):
            let count = problems.count
            judge(ManifestField(value, here), &self)
            if problems.count == count { check(value, rule) }
        case .list(let rule):
            guard let items = value.array else { return refuse(here, "must be a list") }
            for (index, item) in items.enumerated() {
                inside(.index(index)) { review in
                    if item == .null { review.refuse(review.here, "is empty; remove it") }
                    review.check(item, rule)
                }
            }
        case .map(let rule):
            guard let fields = value.object else { return refuse(here, "must be a mapping") }
            for (key, value) in fields.sorted(by: { $0.key < $1.key }) { inside(.key(key)) { $0.check(value, rule) } }
        case .fields(let rules):
            guard let fields = value.object else { return refuse(here, "must be a mapping") }
            for (key, value) in fields.sorted(by: { $0.key < $1.key }) where value != .null {
                inside(.key(key)) { review in
                    if let rule = rules[key] { review.check(value, rule) } else { review.refuseUnknown(key, among: rules.keys) }
                }
            }
        }
    }

    private mutating func refuseUnknown(_ key: String, among known: some Sequence<String>) {
        let guess = Wording.nearest(to: key, among: known.sorted()).map { "did you mean \(Wording.quoted($0))? or " } ?? ""
        refuse(here, "is no field that Slingshot knows, so nobody has judged it; \(guess)remove it")
    }

    private mutating func inside(_ component: FieldPath.Component, _ body: (inout ManifestReview) -> Void) {
        here.components.append(component)
        body(&self)
        here.components.removeLast()
    }
}
