import ArgumentParser
import Foundation
import Orchestration
import Planning
import StagingModel
import StrictYAML

struct ValidateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate",
        abstract: "Checks stack files, templates and server configurations: every problem, with file, line and a fix.",
        discussion: """
            What a file is, its name or its keys say. A template is its folder, or the template.yaml in it; of another folder its \
            .slingshot.yaml is checked; - is standard input. Manifests are checked by `slingshot plan`, which knows the values that they need.

            Exit codes: 0 when all is well, 1 with problems.
            """)

    @Argument(help: ArgumentHelp("Files and folders.", valueName: "file"))
    var files: [String]

    @OptionGroup var output: OutputOptions

    func run() throws {
        let reports = files.map { FileReport(of: $0) }
        try output.print(reports) { _ in reports.map(\.text).joined() }
        if reports.contains(where: { !$0.problems.isEmpty }) { throw ExitCode(ExitCodes.failed) }
    }
}

/// What was found in one file.
struct FileReport: Codable, Hashable, Sendable {
    enum Kind: String, Codable, Sendable {
        case stackFile = "stack file"
        case template
        case configuration = "server configuration"
        case unknown
    }

    struct Finding: Codable, Hashable, Sendable {
        var file: String
        var line: Int?
        var message: String
    }

    var file: String
    var kind: Kind
    var problems: [Finding]

    /// No stack file and no configuration is larger; a template's folder neither.
    private static let mostBytes = 1 << 20

    init(of path: String) {
        file = path
        kind = .unknown
        problems = []
        do {
            let found = try Self.check(path)
            kind = found.kind
            problems = found.problems.map { Finding(file: $0.file, line: $0.line, message: $0.message) }
        } catch {
            problems = [Finding(file: path, line: nil, message: "\(error)")]
        }
    }

    var text: String {
        guard !problems.isEmpty else { return Terminal.printable("\(file): ok (\(kind.rawValue))") + "\n" }
        return problems.map { problem in
            Terminal.printable("\(problem.file):\(problem.line.map { "\($0):" } ?? "") \(problem.message)") + "\n"
        }.joined()
    }

    private static func check(_ path: String) throws -> (kind: Kind, problems: [YAMLProblem]) {
        if path == "-" {
            return try check(Array(FileHandle.standardInput.read(upToCount: mostBytes + 1) ?? Data()), file: "standard input")
        }
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
            throw CommandFailure("there is no such file; name one that exists")
        }
        let url = URL(filePath: path)
        if !isDirectory.boolValue, url.lastPathComponent != "template.yaml" {
            return try check(try WorkingTree.read(url, limit: mostBytes) ?? [], file: path)
        }
        let folder = isDirectory.boolValue ? url : url.deletingLastPathComponent()
        if FileManager.default.fileExists(atPath: folder.appending(path: "template.yaml").path) {
            return (.template, try checkTemplate(folder))
        }
        let stackFile = folder.appending(path: StackFile.path)
        guard let bytes = try WorkingTree.read(stackFile, limit: mostBytes) else {
            throw CommandFailure("the folder has neither a template.yaml nor a \(StackFile.path); name a file")
        }
        return (.stackFile, Validation.stackFile(bytes, file: stackFile.relativePath))
    }

    private static func checkTemplate(_ folder: URL) throws -> [YAMLProblem] {
        var files: [String: [UInt8]] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) where name.hasSuffix(".yaml") {
            files[name] = try WorkingTree.read(folder.appending(path: name), limit: mostBytes)
        }
        return Validation.template(folder.standardizedFileURL.lastPathComponent, files: files)
    }

    private static func check(_ bytes: [UInt8], file: String) throws -> (kind: Kind, problems: [YAMLProblem]) {
        do {
            let document = try YAMLDocument.single(bytes, file: file)
            let keys = Set((try? document.mapping().fields.map(\.key)) ?? [])
            let isNamed = URL(filePath: file).lastPathComponent == StackFile.path
            if isNamed || !keys.isDisjoint(with: ["template", "manifests", "kustomize", "helm", "compose"]) {
                return (.stackFile, Validation.stackFile(bytes, file: file))
            }
            if keys.isDisjoint(with: ["repositories", "runtimes", "state", "domain", "server", "lifetime", "limits", "routing"]) {
                throw document.problem(
                    "neither a stack file (template or manifests) nor a server configuration (domain, repositories, …); `slingshot plan` checks manifests"
                )
            }
            let configuration = try ServerConfiguration(try EnvironmentOverrides.process.applied(to: document))
            return (.configuration, configuration.repositories.flatMap { Validation.repository($0.settings) })
        } catch let problem as YAMLProblem {
            let isConfiguration = (try? YAMLDocument.single(bytes, file: file).mapping()).map { mapping in
                ["repositories", "runtimes", "domain"].contains { mapping.optional($0) != nil }
            }
            let isNamed = URL(filePath: file).lastPathComponent == StackFile.path
            return (isConfiguration ?? false ? .configuration : isNamed ? .stackFile : .unknown, problem.all)
        }
    }
}
