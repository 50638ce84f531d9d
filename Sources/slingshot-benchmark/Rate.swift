import ArgumentParser
import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

/// Asks for a page at a constant rate, as visitors do: whether the last one was answered or not. So an answer that is late makes those after it
/// no less frequent, and each is measured from the moment at which it was due.
struct Rate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Asks for a page at a constant rate, and prints how long its first byte takes.")

    @Argument(help: "The page's address.") var url: String
    @Option(help: "The header Host; several are asked for in turn.") var host: [String] = []
    @Option(help: "Requests a second.") var rate = 200.0
    @Option(help: "For how many seconds.") var seconds = 10.0
    @Option(help: "The status that is no error.") var status = 503

    func run() async throws {
        var times: [Double] = []
        var errors = 0
        let start = ContinuousClock.now
        try await withThrowingTaskGroup(of: Double?.self) { group in
            for number in 0..<Int(rate * seconds) {
                let due = start + .seconds(Double(number) / rate)
                try await ContinuousClock().sleep(until: due)
                group.addTask { try? await ask(number, due: due) }
            }
            for try await time in group {
                if let time { times.append(time) } else { errors += 1 }
            }
        }
        guard !times.isEmpty else { throw ValidationError("\(url) never answered with \(status)") }
        times.sort()
        print(
            String(
                format: "%.2f %.2f %.2f %d", times[times.count / 2], times[times.count * 99 / 100], times[times.count - 1], errors))
    }

    /// Milliseconds until the head of the answer was there; nil when it was another than expected.
    private func ask(_ number: Int, due: ContinuousClock.Instant) async throws -> Double? {
        var request = HTTPClientRequest(url: url)
        if !host.isEmpty { request.headers.add(name: "Host", value: host[number % host.count]) }
        request.headers.add(name: "Accept", value: "text/html")
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(10))
        let took = due.duration(to: .now) / .milliseconds(1)
        for try await _ in response.body {}
        return Int(response.status.code) == status ? took : nil
    }
}
