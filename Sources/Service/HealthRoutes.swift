import Foundation
import Hummingbird
import Logging
import Orchestration

/// `/healthz`: the process answers. `/readyz`: its store answers too.
struct HealthRoutes {
    let store: any StackStore

    func add(to router: Router<BasicRequestContext>) {
        router.get("healthz") { _, _ in "ok\n" }
        router.get("readyz") { _, context -> Response in
            do {
                _ = try await store.read { try $0.nextWake(after: .distantPast) }
                return Response(status: .ok, body: .init(byteBuffer: ByteBuffer(string: "ok\n")))
            } catch {
                context.logger.error("not ready", metadata: ["error": "\(error)"])
                return Response(status: .serviceUnavailable, body: .init(byteBuffer: ByteBuffer(string: "not ready\n")))
            }
        }
    }
}
