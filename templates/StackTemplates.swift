/// The templates that ship inside the binary: each folder beside this file, embedded by the build plugin `EmbedTemplates`.
public enum StackTemplates {
    /// Template, to file name, to text.
    public static var all: [String: [String: String]] { embeddedFolders }
}
