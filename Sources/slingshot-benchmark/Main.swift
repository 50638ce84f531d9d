import ArgumentParser

/// Measures parts of Slingshot by themselves; `benchmarks/` runs it beside what one would use instead. A file a subcommand.
@main
struct Benchmark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "slingshot-benchmark", abstract: "Measures parts of Slingshot.",
        subcommands: [ApplyBenchmark.self, Fetch.self, Rate.self, Render.self])
}
