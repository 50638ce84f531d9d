import Hummingbird
import Logging

/// `/healthz`: the process answers. `/readyz`: it can take deliveries.
struct HealthRoutes {
    let isReady: @Sendable () async throws -> Void

    func add(to router: Router<BasicRequestContext>) {
        router.get("healthz") { _, _ in "ok\n" }
        router.get("readyz") { _, context -> Response in
            do {
                try await isReady()
                return Response(status: .ok, body: .init(byteBuffer: ByteBuffer(string: "ok\n")))
            } catch {
                context.logger.error("not ready", metadata: ["error": "\(error)"])
                return Response(status: .serviceUnavailable, body: .init(byteBuffer: ByteBuffer(string: "not ready\n")))
            }
        }
    }
}
