import ArgumentParser

/// What the scripts in `benchmarks/` run beside what they compare it with. Not shipped.
@main
struct Benchmark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "slingshot-benchmark", abstract: "The measured programs of benchmarks/.", subcommands: [ApplyBenchmark.self])
}
