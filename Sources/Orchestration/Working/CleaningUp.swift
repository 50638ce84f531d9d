/// What `body` returns or throws, once `cleanUp` is through: it runs whatever came of it, and also in a task that was cancelled.
public func cleaningUp<T>(_ cleanUp: () async -> Void, after body: () async throws -> T) async throws -> T {
    let result: Result<T, any Error>
    do { result = .success(try await body()) } catch { result = .failure(error) }
    await cleanUp()
    return try result.get()
}
