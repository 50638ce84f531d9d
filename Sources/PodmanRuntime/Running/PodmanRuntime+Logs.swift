import AsyncHTTPClient
public import Foundation
import NIOCore
import Orchestration
public import StagingModel

/// Which lines of a container's log.
public struct LogSelection: Hashable, Sendable {
    /// Goes on with what comes, until the container ends.
    public var follow: Bool
    public var since: Date?
    /// That many of the last lines.
    public var tail: Int?
    /// Of the runs before the current one.
    public var previous: Bool
    /// Set for those: when the current one began.
    var until: Date?

    public init(follow: Bool = false, since: Date? = nil, tail: Int? = nil, previous: Bool = false) {
        self.follow = follow
        self.since = since
        self.tail = tail
        self.previous = previous
    }
}

/// One line of a container.
public struct PodLogLine: Hashable, Sendable {
    /// `web-0`.
    public var pod: String
    public var container: String
    public var text: String
}

extension PodmanRuntime {
    /// The lines of all containers of a stack, or of one workload by its name, as they come; several containers' are mixed.
    ///
    /// The stream throws `StepError`. It ends when all logs have ended, or when its reader goes.
    public func logs(of stack: StackName, workload: String?, _ selection: LogSelection) async throws -> AsyncThrowingStream<
        PodLogLine, any Error
    > {
        let name = namespaceName(of: stack)
        let pods = try await translatingErrors(about: "network \(name)") {
            guard let record = try await look(at: stack).record else { throw StepError("network \(name) is gone", isRetryable: false) }
            return KeptPod.pods(try await containers(network: record.uid)).filter { pod in
                workload.map { pod.workload == $0 || pod.workload.hasSuffix("/\($0)") } ?? true
            }
        }
        let (stream, lines) = AsyncThrowingStream<PodLogLine, any Error>.makeStream(bufferingPolicy: .bufferingOldest(10_000))
        let reading = Task {
            do {
                try await withThrowingDiscardingTaskGroup { group in
                    for pod in pods {
                        for container in pod.containers {
                            group.addTask {
                                let own = selection.previous ? previous(container, selection) : selection
                                for try await text in try await logs(ofContainer: container.summary.id, own) {
                                    let line = PodLogLine(
                                        pod: String(pod.name.dropFirst(name.count + 1)), container: container.label.name, text: text)
                                    lines.yield(line)
                                }
                            }
                        }
                    }
                }
                lines.finish()
            } catch let error as PodmanError {
                lines.finish(throwing: StepError("the logs of \(stack): \(error.description)", isRetryable: error.isRetryable))
            } catch { lines.finish(throwing: error) }
        }
        lines.onTermination = { _ in reading.cancel() }
        return stream
    }

    /// podman writes all runs of a container into one log; those before end in the second in which the current one began.
    private func previous(_ container: KeptPod.Container, _ selection: LogSelection) -> LogSelection {
        var selection = selection
        selection.follow = false
        selection.until = Date(timeIntervalSince1970: TimeInterval(container.summary.startedAt))
        return selection
    }

    /// The lines of one container. podman sends frames: 8 bytes, of which the last four say how long it is, and then the text
    /// (https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container/operation/ContainerAttach).
    func logs(ofContainer id: String, _ selection: LogSelection) async throws -> AsyncThrowingStream<String, any Error> {
        var query = [("stdout", "true"), ("stderr", "true"), ("follow", selection.follow ? "true" : "false")]
        if let since = selection.since { query.append(("since", String(Int(since.timeIntervalSince1970)))) }
        if let until = selection.until { query.append(("until", String(Int(until.timeIntervalSince1970)))) }
        if let tail = selection.tail { query.append(("tail", String(tail))) }
        let body = try await client.stream(.get, "/containers/\(id)/logs", query)
        let socket = client.socket
        let (stream, lines) = AsyncThrowingStream<String, any Error>.makeStream(bufferingPolicy: .bufferingOldest(10_000))
        let reading = Task {
            var frames = LogFrames()
            do {
                for try await chunk in body { for line in frames.append(chunk) { lines.yield(line) } }
                lines.finish()
            } catch { lines.finish(throwing: PodmanClient.translated(error, socket: socket)) }
        }
        lines.onTermination = { _ in reading.cancel() }
        return stream
    }
}

/// Cuts what podman sends into lines. A line that is over the limit comes in pieces.
struct LogFrames {
    private var pending = ByteBuffer()
    private var partial: [UInt8: [UInt8]] = [:]

    static let longestLine = 64 << 10

    mutating func append(_ chunk: ByteBuffer) -> [String] {
        var chunk = chunk
        pending.writeBuffer(&chunk)
        var lines: [String] = []
        while pending.readableBytes >= 8, let stream: UInt8 = pending.getInteger(at: pending.readerIndex),
            let length: UInt32 = pending.getInteger(at: pending.readerIndex + 4), pending.readableBytes >= 8 + Int(length)
        {
            pending.moveReaderIndex(forwardBy: 8)
            var text = partial.removeValue(forKey: stream) ?? []
            text += pending.readBytes(length: Int(length)) ?? []
            var parts = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            let rest = parts.popLast() ?? []
            lines += parts.map { String(decoding: $0, as: UTF8.self) }
            if rest.count > Self.longestLine {
                lines.append(String(decoding: rest, as: UTF8.self))
            } else if !rest.isEmpty {
                partial[stream] = Array(rest)
            }
        }
        pending.discardReadBytes()
        return lines
    }
}
