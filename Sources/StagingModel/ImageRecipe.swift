/// What a stack file's `build` asks for: an image made of the commit's own tree.
public struct ImageRecipe: Codable, Hashable, Sendable {
    /// The folder that the build sees: its path from the root of the tree, without slashes at either end; empty for the root.
    public var context: String
    /// The Containerfile, by its path inside ``context``.
    public var file: String
    /// Build arguments by name. Texts as they stand: an image is made once a commit, whatever pull request it belongs to.
    public var arguments: [String: String]
    /// The stage to build; nil for the last.
    public var target: String?

    public init(context: String = "", file: String = "Containerfile", arguments: [String: String] = [:], target: String? = nil) {
        self.context = context
        self.file = file
        self.arguments = arguments
        self.target = target
    }
}
