import ArgumentParser
import ControlAPI
import Foundation
import GitRefs
import Logging
import Orchestration
import Planning
import PodmanRuntime
import StagingModel
import StrictYAML

struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Renders the stack of a working tree or a commit: the exact objects, offline.",
        discussion: """
            -o yaml prints the objects as kubectl takes them, -o json the whole plan. With --config the stack is what that server would make \
            of it; without, the pull request and the server are made up, and --domain, --template and --value say what they should be.

            With --against it asks the server for a running stack, renders PATH as that server would, and prints what would change. The values \
            of Secrets are never shown there. Its exit code is 0 with and without differences; with --exit-code it is 1 when there are any.
            """)

    @Argument(help: "The folder with the .slingshot.yaml; with --sha or --ref a git repository.")
    var path = "."

    @OptionGroup(title: "Of the server") var server: ServerStandIn
    @OptionGroup(title: "Of the pull request") var pullRequest: PullRequestStandIn

    @Option(help: ArgumentHelp("A commit of the repository instead of its files, whole; reachable from --ref.", valueName: "id"))
    var sha: String?

    @Option(help: "A branch or a full ref of the repository instead of its files.")
    var ref: String?

    @Option(help: ArgumentHelp("Show what would change in this running stack.", valueName: "stack"))
    var against: String?

    @Flag(help: "With --against: exit with 1 when something would change.")
    var exitCode = false

    @OptionGroup var client: ClientOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        if let against { return try await compare(with: against) }
        let (repository, addressing) = try server.settings(for: URL(filePath: path))
        guard let name = StackName(repository: repository.name, number: pullRequest.number) else {
            throw ValidationError("--number must be 1 or more")
        }
        let plan = try await render(name, repository, addressing, pullRequest.value(like: nil), standIn: WorkingTree.commit)
        switch output.format {
        case .yaml: Terminal.result(try plan.objects.map { "---\n" + (try OutputOptions.yaml(of: $0.manifest)) }.joined())
        default: try output.print(plan) { PlanText.table(plan, isWide: $0) }
        }
    }

    private func compare(with stack: String) async throws {
        let deployed = try await client.client.plan(of: stack)
        guard let name = StackName(stack) else { throw ValidationError("\"\(stack)\" is no stack's name; it looks like shop-42") }
        let plan = try await render(
            name, deployed.repository, deployed.addressing, pullRequest.value(like: deployed.pullRequest), standIn: deployed.commit)
        if deployed.digest != deployed.deployedDigest {
            Terminal.note(
                "note: the configuration, the server's version or the pull request has changed since \(stack) was deployed; this compares with what the server would deploy now"
            )
        }
        let difference = PlanDifference(
            from: deployed.objects, to: plan.objects.map { $0.hidingSecrets(salt: deployed.salt) })
        try output.print(difference) { _ in PlanText.difference(difference, stack: stack) }
        if exitCode, !difference.objects.isEmpty { throw ExitCode(1) }
    }

    /// `standIn` is the commit that the files of a working tree are rendered as.
    private func render(
        _ stack: StackName, _ repository: RepositorySettings, _ addressing: StackAddressing, _ pullRequest: PullRequest, standIn: CommitID?
    ) async throws -> Plan {
        let root = URL(filePath: path, directoryHint: .isDirectory).absoluteURL.standardizedFileURL
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: root.path, isDirectory: &isDirectory), isDirectory.boolValue else {
            throw CommandFailure("\(path) is no folder; name the one that has the .slingshot.yaml")
        }
        guard sha != nil || ref != nil else {
            guard let standIn else { throw CommandFailure("there is no commit to render") }
            return try await PlanSource(refs: WorkingTree(root: root), addressing: addressing, repository: repository)
                .plan(of: stack, pullRequest: pullRequest, commit: standIn)
        }
        let mirrors = FileManager.default.temporaryDirectory.appending(path: "slingshot-plan-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: mirrors) }
        var repository = repository
        repository.url = root.path
        repository.credentials = nil
        var logging = LoggingSettings()
        logging.level = .warning
        let refs = GitRefs(directory: mirrors, logger: logging.logger()) { _ in nil }
        let full = try ref.map { $0.hasPrefix("refs/") ? $0 : "refs/heads/\($0)" } ?? checkedOut(root)
        var commit = try await refs.fetch(full, of: repository)
        if let sha {
            guard let named = CommitID(sha) else { throw ValidationError("--sha must be a whole commit id: 40 hexadecimal digits") }
            guard try await refs.contains(named, in: commit, of: repository) else {
                throw CommandFailure("commit \(sha) is not reachable from \(full); name its branch with --ref")
            }
            commit = named
        }
        return try await PlanSource(refs: refs, addressing: addressing, repository: repository)
            .plan(of: stack, pullRequest: pullRequest, commit: commit)
    }
}

extension PlanCommand {
    /// The branch that a repository's HEAD names.
    private func checkedOut(_ root: URL) throws -> String {
        for place in [".git/HEAD", "HEAD"] {
            let bytes = try WorkingTree.read(root.appending(path: place), limit: 1_024)
            if let text = bytes.map({ String(decoding: $0, as: UTF8.self) }), text.hasPrefix("ref: refs/") {
                return String(text.dropFirst(5).prefix { !$0.isNewline })
            }
        }
        throw CommandFailure("\(path) is no git repository with a branch checked out; name a branch of one with --ref")
    }
}

/// What a server's configuration says of the stack, read or made up.
struct ServerStandIn: ParsableArguments {
    @Option(help: ArgumentHelp("The server's configuration file.", valueName: "file"))
    var config: String?

    @Option(help: "The repository's configured name. Without --config: a name for it.")
    var repository: String?

    @Option(help: "Without --config: the domain of the stack's host.")
    var domain = "staging.example.com"

    @Option(help: "Without --config: the template for a commit without a stack file.")
    var template: String?

    @Option(help: ArgumentHelp("Without --config: a value of the server's; may be repeated.", valueName: "name=value"))
    var value: [String] = []

    func settings(for root: URL) throws -> (RepositorySettings, StackAddressing) {
        guard let config else {
            let folder = root.absoluteURL.standardizedFileURL.lastPathComponent.lowercased()
            guard let name = RepositoryName(repository ?? folder) ?? (repository == nil ? RepositoryName("stack") : nil) else {
                throw ValidationError("--repository must be a DNS label of at most 40 characters that does not end in - and digits")
            }
            var values: [String: JSONValue] = [:]
            for text in value {
                guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
                    throw ValidationError("--value takes name=value, not \(text)")
                }
                let node = try YAMLDocument.single(Array(text[text.index(after: equals)...].utf8), file: "--value \(text)")
                values[String(text[..<equals])] = node.json()
            }
            let image = PodmanRuntime.imageNames(namespacePrefix: StackAddressing(domain: domain).namespacePrefix) + name.description
            let settings = RepositorySettings(
                name: name, forge: .github, repository: "example/\(name)", url: "", runtime: "", template: template, values: values,
                imageRepository: image)
            return (settings, StackAddressing(domain: domain))
        }
        let configuration = try ServerConfiguration.load(path: config)
        let all = configuration.repositories.map(\.settings)
        guard let settings = all.first(where: { $0.name.description == repository }) ?? (repository == nil && all.count == 1 ? all[0] : nil)
        else {
            let names = all.map(\.name.description)
            throw CommandFailure(
                repository.map { "\(config): no such repository: \(Wording.unknown($0, among: names))" }
                    ?? "\(config) has several repositories; name one with --repository: \(names.joined(separator: ", "))")
        }
        return (settings, configuration.policy.addressing)
    }
}

/// The pull request that is planned for.
struct PullRequestStandIn: ParsableArguments {
    @Option(help: "Its number.") var number = 1
    @Option(help: "Its title.") var title: String?
    @Option(help: "Its author.") var author: String?
    @Option(help: "Its branch.") var branch: String?
    @Option(help: "The branch that it is to be merged into.") var base: String?
    @Option(help: ArgumentHelp("A label of it; may be repeated.", valueName: "name")) var label: [String] = []

    /// What was named; the rest is as in `other`, or made up.
    func value(like other: PullRequest?) -> PullRequest {
        let like =
            other
            ?? PullRequest(
                number: number, title: "A pull request", author: "octocat", branch: "feature", base: "main",
                url: "https://forge.example.com/pull/\(number)")
        return PullRequest(
            number: like.number, title: title ?? like.title, author: author ?? like.author, branch: branch ?? like.branch,
            base: base ?? like.base, head: like.head, labels: label.isEmpty ? like.labels : label, url: like.url)
    }
}
