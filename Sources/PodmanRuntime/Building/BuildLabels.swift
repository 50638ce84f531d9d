import StagingModel

/// How what belongs to builds is told from everything else on the machine. Only what is selected by these is ever removed.
enum BuildLabels {
    /// On images, networks and pods: whose they are. Two Slingshots with different prefixes may build on one machine.
    static let prefix = "slingshot.dev/namespace-prefix"
    /// On networks and pods of a build under way: the namespace of its stack.
    static let build = "slingshot.dev/build"

    /// On every image of a repository, and on the layers that it is made of. They never change, so that layers are found again.
    static func image(_ repository: RepositoryName, prefix: String) -> [String: String] {
        [StackMetadata.managedBy: StackMetadata.manager, StackMetadata.repository: repository.description, Self.prefix: prefix]
    }

    static func build(_ namespace: String, prefix: String) -> [String: String] {
        [StackMetadata.managedBy: StackMetadata.manager, build: namespace, Self.prefix: prefix]
    }

    /// A host name that a build's working containers carry, because podman lets nothing else be written on them.
    static func mark(_ namespace: String) -> String { namespace + markEnd }

    /// Whose mark it is; nil when it is none.
    static func namespace(ofMark text: String) -> String? {
        text.hasSuffix(markEnd) ? String(text.dropLast(markEnd.count)) : nil
    }

    private static let markEnd = ".build.slingshot.internal"
}
