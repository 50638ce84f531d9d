import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Orchestration
import ServiceLifecycle
import StagingModel

/// The page as it changes, for those who follow it.
extension GatewayPages {
    /// The page's content, anew with each change, until the stack can be visited: then `ready`.
    func events(of name: StackName, for request: Request) -> Response {
        guard let (changes, continuation) = keeper.table.listen(to: name, visitor: request.visitor) else {
            return answers.page(.crowded, asHTML: false)
        }
        return Response(
            status: .ok, headers: [.contentType: "text/event-stream", .cacheControl: "no-store"],
            body: ResponseBody { writer in
                defer { continuation.finish() }
                try await withThrowingDiscardingTaskGroup { group in
                    defer { group.cancelAll() }
                    // A visitor who left is noticed by writing only.
                    group.addTask {
                        while !Task.isCancelled {
                            do { try await Task.sleep(for: .seconds(15)) } catch { return }
                            continuation.yield()
                        }
                    }
                    group.addTask {
                        while !Task.isCancelled {
                            if await tail.refresh(name) { keeper.table.announce(name) }
                            do { try await clock.sleep(until: clock.now.addingTimeInterval(LogTail.pause)) } catch { return }
                        }
                    }
                    try await writer.write(ByteBuffer(string: "retry: 1000\n\n"))
                    var last: String?
                    for await _ in changes.cancelOnGracefulShutdown() {
                        if keeper.table[name] != nil {
                            try await writer.write(ByteBuffer(string: "event: ready\ndata: \n\n"))
                            break
                        }
                        guard let record = try await recorded(name) else { break }
                        let view = await view(of: record)
                        let content = answers.template.content(view)
                        let event = content == last ? ": still here\n\n" : Self.event("title", view.heading) + Self.event("page", content)
                        last = content
                        try await writer.write(ByteBuffer(string: event))
                    }
                }
                try await writer.finish(nil)
            })
    }

    private static func event(_ name: String, _ text: String) -> String {
        "event: \(name)\ndata: \(JSONValue.string(text).canonicalText)\n\n"
    }
}
