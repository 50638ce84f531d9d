import NIOCore

extension KubernetesClient {
    /// The log of a container. A line over 64 KiB comes in pieces; bytes that are not UTF-8 come as U+FFFD. A followed log that is
    /// silent for ``Timeouts/logIdle`` ends with a retryable error.
    public func logs(pod: String, namespace: String, options: LogOptions = LogOptions()) async throws -> LogLines {
        let path = try ResourcePath(.pods, namespace: namespace, name: pod, subresource: "log")
        return LogLines(
            lines: Lines(try await transport.stream(.logs(path, options: options), .log), limit: LogLines.longestLine, format: .text))
    }
}

/// The lines of one log, as they come. To be read once.
public struct LogLines: AsyncSequence {
    /// Bytes. A longer line comes in pieces of this length.
    public static let longestLine = 64 << 10

    public struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate var lines: Lines

        /// Throws ``KubernetesError``, or `CancellationError`.
        public mutating func next() async throws -> String? {
            do { return try await lines.next().map { String(buffer: $0) } } catch is Lines.Silence {
                throw KubernetesError.transport("the log was silent for too long")
            }
        }
    }

    fileprivate let lines: Lines

    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(lines: lines) }
}
