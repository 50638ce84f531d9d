import Foundation

// Writes a Swift file that holds the text files of folders: `embed-folders OUTPUT FOLDER…`. For the build plugin EmbedTemplates.

/// The text as a literal on one line: only what the compiler would read otherwise is escaped.
func literal(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\"", "\\": result += "\\\(scalar)"
        case " "..."~": result.unicodeScalars.append(scalar)
        default: result += "\\u{\(String(scalar.value, radix: 16))}"
        }
    }
    return result + "\""
}

/// The lines of a dictionary literal for one folder: its files, without those in folders below.
func lines(of folder: URL) throws -> [String] {
    let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: [.isRegularFileKey])
    var lines = ["    \(literal(folder.lastPathComponent)): ["]
    for file in files.sorted(by: { $0.lastPathComponent < $1.lastPathComponent }) {
        guard try file.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true else { continue }
        lines.append("        \(literal(file.lastPathComponent)): \(literal(try String(contentsOf: file, encoding: .utf8))),")
    }
    return lines + ["    ],"]
}

let arguments = CommandLine.arguments.dropFirst()
guard let output = arguments.first, arguments.count > 1 else {
    FileHandle.standardError.write(Data("usage: embed-folders OUTPUT FOLDER...\n".utf8))
    exit(64)
}
do {
    let folders = try arguments.dropFirst().flatMap { try lines(of: URL(fileURLWithPath: $0)) }
    let source = [
        "// Made by embed-folders; the files beside StackTemplates.swift are the source.", "",
        "let embeddedFolders: [String: [String: String]] = [",
    ]
    try (source + folders + ["]", ""]).joined(separator: "\n").write(toFile: output, atomically: true, encoding: .utf8)
} catch {
    FileHandle.standardError.write(Data("embed-folders: \(error.localizedDescription)\n".utf8))
    exit(1)
}
