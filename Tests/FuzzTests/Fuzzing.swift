import Foundation
import Glibc
import SlingshotTestSupport

/// Seeded fuzzing: each input is a function of its number, so that any can be made again.
///
/// Some hundred inputs a run of the tests, or some thousand. `SLINGSHOT_FUZZ_SECONDS=120 swift test --filter FuzzTests` goes on for so long a target; then
/// the number of the input at hand is in `<temporary folder>/slingshot-fuzz-<target>`, for the case that it takes the process down, and an
/// input that takes more than a minute does so. `SLINGSHOT_FUZZ_FIRST=n` begins at input n.
enum Fuzzing {
    static func run(_ target: String, inputs: UInt64 = 500, _ body: (_ input: UInt64, inout Mutator) throws -> Void) throws {
        let environment = ProcessInfo.processInfo.environment
        let first = environment["SLINGSHOT_FUZZ_FIRST"].flatMap { UInt64($0) } ?? 0
        guard let seconds = environment["SLINGSHOT_FUZZ_SECONDS"].flatMap({ Double($0) }) else {
            for input in first..<first + inputs { try one(input, body) }
            return
        }
        let note = FileManager.default.temporaryDirectory.appending(path: "slingshot-fuzz-\(target)").path
        let file = open(note, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        defer { close(file) }
        let end = Date(timeIntervalSinceNow: seconds)
        var input = first
        while Date() < end {
            let text = "\(input)\n"
            _ = text.withCString { pwrite(file, $0, strlen($0), 0) }
            alarm(60)
            let start = Date()
            try one(input, body)
            let took = Date().timeIntervalSince(start)
            if took > 1 { FileHandle.standardError.write(Data("fuzz: \(target): input \(input) took \(took) s\n".utf8)) }
            input += 1
        }
        alarm(0)
        FileHandle.standardError.write(Data("fuzz: \(target): \(input - first) inputs in \(Int(seconds)) s\n".utf8))
    }

    private static func one(_ input: UInt64, _ body: (UInt64, inout Mutator) throws -> Void) throws {
        var mutator = Mutator(seed: input &* 0x9E37_79B9 &+ 1)
        try body(input, &mutator)
    }
}
