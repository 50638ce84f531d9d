import Foundation
import GitRefs
import Logging
import StagingModel

// fetch-benchmark DIRECTORY URL REF PATH: for each line on standard input, fetches the ref into a mirror below the directory and reads the
// file at its commit, as the service does before it plans; prints the commit and the milliseconds. benchmarks/fetch uses it.
let arguments = Array(CommandLine.arguments.dropFirst())
guard arguments.count == 4, let name = RepositoryName("benchmark") else {
    FileHandle.standardError.write(Data("usage: fetch-benchmark DIRECTORY URL REF PATH\n".utf8))
    exit(64)
}
let repository = RepositorySettings(name: name, forge: "github", repository: "acme/benchmark", url: arguments[1], runtime: "none")
let refs = GitRefs(directory: URL(filePath: arguments[0]), logger: Logger(label: "benchmark")) { _ in "" }
while readLine() != nil {
    let start = ContinuousClock.now
    let commit = try await refs.fetch(arguments[2], of: repository)
    guard try await refs.file(arguments[3], at: commit, of: repository, limit: 1 << 20) != nil else { exit(1) }
    let line = "\(commit) \(start.duration(to: .now) / .milliseconds(1))\n"
    FileHandle.standardOutput.write(Data(line.utf8))  // at once; `print` would wait for more
}
