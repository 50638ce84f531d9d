import KubernetesClient

extension Status {
    /// The fields that the server refused to change on an object that exists, and its words for why; nil when that is not all that it
    /// refused, because then an object that is made anew is refused too.
    ///
    /// There is no reason of its own for it. The texts are those of `k8s.io/apimachinery/pkg/api/validation` and of
    /// `k8s.io/kubernetes/pkg/apis/*/validation`.
    var immutableFields: String? {
        guard code == 422, let causes = details?.causes, !causes.isEmpty else { return nil }
        var fields: [String] = []
        for cause in causes {
            guard let field = cause.field, let detail = cause.detail, Self.immutable.contains(where: detail.contains) else { return nil }
            fields.append("\(field) can't be changed (\(detail))".oneLine(limit: 300))
        }
        return fields.prefix(3).joined(separator: ", ")
    }

    private static let immutable = [
        "immutable", "may not change", "may not update", "may not add or remove", "fields other than", "can not be modified",
        "can not be less than previous value",
    ]
}

extension Status.Cause {
    /// What is wrong, without the value: that comes before the words when it is invalid, and after them, as a difference, when the change
    /// is forbidden. Both are a stranger's text.
    fileprivate var detail: String? {
        guard let message else { return nil }
        switch reason {
        case "FieldValueInvalid":
            guard let colon = message.lastIndex(of: ":") else { return nil }
            return message[message.index(after: colon)...].trimmed
        case "FieldValueForbidden":
            let line = message.prefix { !$0.isNewline }
            let prefix = "Forbidden: "
            return (line.hasPrefix(prefix) ? line.dropFirst(prefix.count) : line).trimmed
        default: return nil
        }
    }
}

extension Substring {
    fileprivate var trimmed: String { String(self).oneLine(limit: 200) }
}
