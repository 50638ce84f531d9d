import Foundation
import KubernetesClient
import Orchestration
import StagingModel

/// Reads the logs of single containers.
struct LogSource: Sendable {
    /// Bytes of all containers together; the oldest lines of each are left out beyond its share.
    private static let budget = 32 << 20

    let client: KubernetesClient
    let namespace: String
    let query: LogQuery
    let clock: any WallClock

    /// What the runs have written so far, by time.
    func read(_ runs: [ContainerRun]) async throws -> [LogLine] {
        let share = Self.budget / max(1, runs.count)
        let texts = try await withThrowingTaskGroup(of: [LogLine].self) { group in
            var all: [[LogLine]] = []
            for (index, run) in runs.enumerated() {
                if index >= 8, let lines = try await group.next() { all.append(lines) }
                group.addTask { try await read(run, share: share) }
            }
            for try await lines in group { all.append(lines) }
            return all
        }
        return texts.joined().enumerated().map { (TimeKey($0.element.time, $0.offset), $0.element) }.sorted { $0.0 < $1.0 }.map(\.1)
    }

    private func read(_ run: ContainerRun, share: Int) async throws -> [LogLine] {
        let options = LogOptions(
            container: run.container, tailLines: query.tail, sinceTime: query.since, timestamps: true, previous: query.previous)
        var lines: [LogLine] = []
        var reader = LogLineReader(run)
        var (first, bytes) = (0, 0)
        do {
            for try await text in try await client.logs(pod: run.pod, namespace: namespace, options: options) {
                for line in reader.lines(text) {
                    lines.append(line)
                    bytes += line.text.utf8.count + 64
                }
                while bytes > share, first < lines.count {
                    bytes -= lines[first].text.utf8.count + 64
                    lines[first].text = ""
                    first += 1
                }
            }
        } catch let error as KubernetesError where error.code == 404 || error.code == 400 {}  // gone, or has not begun
        return Array(lines[first...])
    }

    /// Follows one run to its end, through broken connections, and returns the time of the last line.
    ///
    /// - Parameters:
    ///   - last: the time of the last line that is known of the container. The server tells the lines of whichever run is there when it is
    ///     asked, so that they may be the next one's already.
    ///   - isFirst: whether `since` and `tail` count; what begins later is read from its beginning.
    func follow(
        _ run: ContainerRun, after last: String?, isFirst: Bool, onLine: @Sendable (LogLine) async throws -> Void
    ) async throws -> String? {
        var last = last
        var failures = 0
        var isPrevious = false
        if !isFirst { isPrevious = try await restarts(of: run) == run.restarts + 1 }
        while true {
            let options = LogOptions(
                container: run.container, tailLines: isFirst && last == nil ? query.tail : nil,
                sinceTime: last ?? (isFirst ? query.since : nil), timestamps: true, previous: isPrevious, follow: !isPrevious)
            // the server looks at whole seconds only, so it says lines again
            let seen = last.map { TimeKey($0, 0) }
            var reader = LogLineReader(run)
            do {
                for try await text in try await client.logs(pod: run.pod, namespace: namespace, options: options) {
                    for line in reader.lines(text) {
                        if let seen, TimeKey(line.time, 0) <= seen { continue }
                        last = line.time
                        failures = 0
                        try await onLine(line)
                    }
                }
                // It ends too when a kubelet restarts or a log is rotated.
                guard !isPrevious, try await isRunning(run) else { return last }
            } catch let error as KubernetesError {
                if error.code == 404 || isPrevious && error.code == 400 { return last }
                guard error.isRetryable || error.code == 400, failures < 6 else { throw error }
                guard try await isCurrent(run) else { return last }
            }
            try await clock.sleep(until: clock.now.addingTimeInterval(min(10, 0.5 * Double(1 << failures))))
            failures += 1
        }
    }

    private func isRunning(_ run: ContainerRun) async throws -> Bool {
        guard let status = try await status(of: run), status.restartCount == run.restarts else { return false }
        return status.state?.running != nil
    }

    private func isCurrent(_ run: ContainerRun) async throws -> Bool { try await restarts(of: run) == run.restarts }
    private func restarts(of run: ContainerRun) async throws -> Int? { try await status(of: run)?.restartCount }

    /// Of the run's container as it is now; nil when it is gone.
    private func status(of run: ContainerRun) async throws -> Pod.ContainerStatus? {
        do {
            // listed, as all pods are: the account may have no other right
            let path = try ResourcePath(.pods, namespace: namespace)
            let pods = try await client.list(path, selector: Selector(fields: "metadata.name=\(run.pod)"), as: Pod.self).items
            return pods.first { $0.metadata.uid == run.uid }?.containers.first { $0.name == run.container }
        } catch let error as KubernetesError where error.isRetryable { return nil }
    }
}

/// Takes the times off one run's lines, and cuts those that are too long.
struct LogLineReader {
    private static let longest = 16 << 10

    let run: ContainerRun
    private var time = ""
    /// Whether the client cut the last text, so that the next one goes on with it.
    private var isCut = false

    init(_ run: ContainerRun) { self.run = run }

    /// What kubelet says instead of a container has no time, and is no line of it: none comes of it.
    mutating func lines(_ text: String) -> [LogLine] {
        var rest = text[...]
        let stamp = text.prefix { $0 != " " }
        if Date(rfc3339: stamp.prefix { $0 != "." && $0 != "Z" } + "Z") != nil, stamp.hasSuffix("Z") {
            time = String(stamp)
            rest = text.dropFirst(stamp.count + 1)
        } else if !isCut {
            return []
        }
        isCut = text.utf8.count >= LogLines.longestLine
        var lines: [LogLine] = []
        while rest.utf8.count > Self.longest {
            var end = rest.utf8.index(rest.startIndex, offsetBy: Self.longest)
            while UTF8.isContinuation(rest.utf8[end]) { end = rest.utf8.index(before: end) }
            lines.append(line(rest[..<end]))
            rest = rest[end...]
        }
        return lines + [line(rest)]
    }

    private func line(_ text: Substring) -> LogLine {
        LogLine(pod: run.pod, container: run.container, time: time, text: String(text))
    }
}

/// An RFC 3339 time in UTC as something that sorts, whatever the digits of its fraction; equal times stay in their order.
struct TimeKey: Comparable {
    let seconds: Substring
    let fraction: Substring
    let place: Int

    init(_ time: String, _ place: Int) {
        let parts = time.dropLast(time.hasSuffix("Z") ? 1 : 0).split(separator: ".", maxSplits: 1)
        seconds = parts.first ?? ""
        // "25" sorts behind "2" and before "3", as a fraction does
        fraction = parts.count > 1 ? parts[1] : ""
        self.place = place
    }

    static func < (a: TimeKey, b: TimeKey) -> Bool { (a.seconds, a.fraction, a.place) < (b.seconds, b.fraction, b.place) }
}
