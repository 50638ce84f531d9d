import ArgumentParser
import Foundation
import Glibc
import Planning
import StagingModel

/// Plans a second of a processor's time: what else the machine does doesn't count.
struct Render: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Renders the plan of a stack again and again, and prints how often a second.")

    @Argument(help: "A folder with a .slingshot.yaml.") var folder: String
    @Option(help: "For how many seconds.") var seconds = 5.0

    func run() throws {
        let root = URL(filePath: folder, directoryHint: .isDirectory)
        var files: [String: [UInt8]] = [:]
        for path in try FileManager.default.subpathsOfDirectory(atPath: root.path) {
            let file = root.appending(path: path)
            if try file.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true {
                files[path] = Array(try Data(contentsOf: file))
            }
        }
        guard let name = RepositoryName("shop"), let stack = StackName(repository: name, number: 42),
            let commit = CommitID(String(repeating: "a", count: 40)), let bytes = files[".slingshot.yaml"]
        else { throw ValidationError("\(folder) has no .slingshot.yaml") }
        let repository = RepositorySettings(name: name, forge: .github, repository: "acme/shop", url: "", runtime: "")
        let pullRequest = PullRequest(number: 42, title: "A title", author: "mona", branch: "feature/login", base: "main")
        var objects = 0
        var times: [Double] = []
        let end = Date(timeIntervalSinceNow: seconds)
        while Date() < end {
            let start = clock()
            // From the bytes of the commit's files on, as for each push.
            let request = PlanRequest(
                stack: stack, repository: repository, pullRequest: pullRequest, commit: commit,
                addressing: StackAddressing(domain: "staging.example.com"), stackFile: try StackFile.parse(bytes), files: files)
            objects = try plan(request).objects.count
            times.append(Double(clock() - start) / Double(CLOCKS_PER_SEC))
        }
        times.sort()
        let total = times.reduce(0, +)
        print(
            String(
                format: "%d objects  %.0f plans/s  median %.3f ms  p99 %.3f ms", objects, Double(times.count) / total,
                times[times.count / 2] * 1_000, times[times.count * 99 / 100] * 1_000))
    }
}
