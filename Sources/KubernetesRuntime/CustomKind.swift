import StagingModel

/// A kind that the cluster was taught by a CustomResourceDefinition, or by an API server of its own.
struct CustomKind: Hashable, Sendable, CustomStringConvertible {
    let apiVersion: String
    let kind: String

    /// `example.com/v1/Database`.
    var description: String { "\(apiVersion)/\(kind)" }

    /// Those that a stack's plans had.
    ///
    /// - Parameter recorded: ``StagingModel/StackMetadata/kinds``, which people can write too: what can't be read is left out.
    static func all(recorded: String?) -> [CustomKind] {
        (recorded ?? "").split(separator: ",").prefix(100).compactMap { text in
            guard let slash = text.lastIndex(of: "/") else { return nil }
            return CustomKind(apiVersion: String(text[..<slash]), kind: String(text[text.index(after: slash)...]))
        }
    }

    /// Nil for a kind that ``KubernetesRuntime/prunable`` has.
    init?(apiVersion: String, kind: String) {
        let group = Self.group(of: apiVersion)
        let isKnown = KubernetesRuntime.prunable.contains { $0.kind == kind && Self.group(of: $0.apiVersions[0]) == group }
        guard !isKnown, !group.isEmpty, !kind.isEmpty else { return nil }
        self.apiVersion = apiVersion
        self.kind = kind
    }

    /// Group and kind of `apps/v1/Deployment`, which are the same in all versions.
    static func key(of text: String) -> [Substring] {
        guard let slash = text.lastIndex(of: "/") else { return [text[...]] }
        return [group(of: String(text[..<slash])), text[text.index(after: slash)...]]
    }

    /// Empty for the core group.
    static func group(of apiVersion: String) -> Substring {
        apiVersion.lastIndex(of: "/").map { apiVersion[..<$0] } ?? ""
    }
}
