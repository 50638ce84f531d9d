public import Logging

/// What every log line of a piece of work carries: the request, the delivery, the stack. Follows the task, so that nobody has to
/// pass it on.
public enum LogScope {
    @TaskLocal static var metadata: Logger.Metadata = [:]

    /// Hands the scope of the current task to a logger; give it to each ``LineLogHandler``.
    public static let provider = Logger.MetadataProvider { metadata }

    /// Runs `body` with `added` on each line that it logs.
    public nonisolated(nonsending) static func with<T>(
        _ added: Logger.Metadata, _ body: nonisolated(nonsending) () async throws -> T
    ) async rethrows -> T {
        try await $metadata.withValue(metadata.merging(added) { _, new in new }, operation: body)
    }
}
