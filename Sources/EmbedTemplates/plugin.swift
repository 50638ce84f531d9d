import Foundation
import PackagePlugin

/// Embeds the text files of each folder inside a target into that target, as the dictionary `embeddedFolders`.
@main
struct EmbedTemplates: BuildToolPlugin {
    func createBuildCommands(context: PluginContext, target: any Target) async throws -> [Command] {
        let folders = try contents(of: target.directoryURL).filter { try $0.resourceValues(forKeys: [.isDirectoryKey]).isDirectory == true }
        let output = context.pluginWorkDirectoryURL.appending(path: "EmbeddedFolders.swift")
        return [
            .buildCommand(
                displayName: "Embedding the folders of \(target.name)",
                executable: try context.tool(named: "embed-folders").url,
                arguments: [output.path(percentEncoded: false)] + folders.map { $0.path(percentEncoded: false) },
                // The folders too: a file more or less changes them.
                inputFiles: try folders + folders.flatMap { try contents(of: $0) },
                outputFiles: [output])
        ]
    }

    /// In order, so that the build does not change without a change.
    private func contents(of folder: URL) throws -> [URL] {
        try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: [.isDirectoryKey]).sorted { $0.path < $1.path }
    }
}
