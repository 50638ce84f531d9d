import Crypto
public import StagingModel

/// What would change in a stack: object by object, field by field. Pure.
public struct PlanDifference: Codable, Hashable, Sendable {
    public enum Change: String, Codable, Sendable { case added, removed, changed }

    public struct Field: Codable, Hashable, Sendable {
        /// `spec.template.spec.containers[web].image`; items of a list are called by their name where all have one.
        public var path: String
        /// Nil when the field is new.
        public var before: JSONValue?
        /// Nil when it goes.
        public var after: JSONValue?
    }

    public struct Object: Codable, Hashable, Sendable {
        /// `Deployment/web`.
        public var object: String
        public var change: Change
        /// Only those of a changed object.
        public var fields: [Field]
    }

    /// In the order of the plans; what goes is last.
    public var objects: [Object]

    public init(from before: [PlannedObject], to after: [PlannedObject]) {
        let known = Dictionary(before.map { ($0.identity, $0) }) { first, _ in first }
        let kept = Set(after.map(\.identity))
        objects = after.compactMap { object in
            guard let old = known[object.identity] else { return Object(object: object.description, change: .added, fields: []) }
            var fields: [Field] = []
            Self.compare(old.manifest, object.manifest, at: "", into: &fields)
            return fields.isEmpty ? nil : Object(object: object.description, change: .changed, fields: fields)
        }
        objects += before.filter { !kept.contains($0.identity) }.map { Object(object: $0.description, change: .removed, fields: []) }
    }

    private static func compare(_ before: JSONValue?, _ after: JSONValue?, at path: String, into fields: inout [Field]) {
        guard before != after else { return }
        if let old = before?.object, let new = after?.object {
            for key in Set(old.keys).union(new.keys).sorted() {
                let isPlain = key.utf8.allSatisfy { ($0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7A) || ($0 >= 0x30 && $0 <= 0x39) }
                let place = isPlain ? (path.isEmpty ? key : "\(path).\(key)") : "\(path)[\(key)]"
                compare(old[key], new[key], at: place, into: &fields)
            }
        } else if let old = before?.array, let new = after?.array {
            if let (olds, news) = named(old, new) {
                for name in olds.keys.sorted() + news.keys.filter({ olds[$0] == nil }).sorted() {
                    compare(olds[name], news[name], at: "\(path)[\(name)]", into: &fields)
                }
            } else {
                for index in 0..<max(old.count, new.count) {
                    let (a, b) = (index < old.count ? old[index] : nil, index < new.count ? new[index] : nil)
                    compare(a, b, at: "\(path)[\(index)]", into: &fields)
                }
            }
        } else {
            fields.append(Field(path: path, before: before, after: after))
        }
    }

    /// Both lists by the names of their items, where each item has one of its own.
    private static func named(_ old: [JSONValue], _ new: [JSONValue]) -> ([String: JSONValue], [String: JSONValue])? {
        func byName(_ items: [JSONValue]) -> [String: JSONValue]? {
            let names = items.compactMap { $0["name"]?.string }
            guard names.count == items.count, Set(names).count == names.count else { return nil }
            return Dictionary(zip(names, items)) { first, _ in first }
        }
        guard let olds = byName(old), let news = byName(new) else { return nil }
        return (olds, news)
    }
}

extension PlannedObject {
    fileprivate var identity: String { "\(apiVersion.prefix { $0 != "/" })/\(kind)/\(name)" }

    /// The object with the values of a Secret replaced: equal ones look equal, and none can be read. Eight digits of a hash are enough to
    /// see a change, and too few to tell which of many guesses was the value.
    public func hidingSecrets(salt: String) -> PlannedObject {
        guard kind == "Secret" else { return self }
        var hidden = self
        for key in ["data", "stringData"] {
            guard let values = manifest[key]?.object else { continue }
            hidden.manifest[key] = .object(
                values.mapValues { value in
                    let digest = SHA256.hash(data: Array(salt.utf8) + value.canonicalBytes)
                    return .string("<redacted \(hexadecimal(digest).prefix(8))>")
                })
        }
        return hidden
    }
}
