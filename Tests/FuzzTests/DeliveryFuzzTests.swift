import Foundation
import Glibc
import SlingshotTestSupport
import StagingModel
import Testing
import Webhooks

/// What forges send, broken: each is a message within its bounds or a rejection in our words, soon, and none takes the process down.
@Suite struct DeliveryFuzzTests {
    private static let secret = "fish and chips"

    /// Every name that an adapter reads, so that most of what is broken is looked at.
    private static let keys: Set<String> = [
        "action", "number", "repository", "id", "full_name", "uuid", "pull_request", "title", "user", "login", "username", "head", "base",
        "ref", "sha", "repo", "labels", "name", "html_url", "draft", "merged", "updated_at", "project", "path_with_namespace",
        "object_attributes", "iid", "author_id", "source_branch", "target_branch", "source_project_id", "target_project_id", "last_commit",
        "url", "oldrev", "changes", "previous", "current", "work_in_progress", "pullrequest", "author", "nickname", "source", "destination",
        "branch", "commit", "hash", "links", "html", "href", "updated_on", "pullRequest", "updatedDate", "fromRef", "toRef", "displayId",
        "latestCommit", "slug", "key", "self", "fork", "updatedAt", "zen", "test", "state", "issue", "comment", "body", "type", "is_pull",
        "note",
        "noteable_type", "system", "created_at", "iid", "merge_request", "actor", "account_id", "display_name", "content", "raw", "text",
    ]

    private static func read(of value: JSONValue) -> JSONValue {
        switch value {
        case .object(let fields): .object(fields.filter { keys.contains($0.key) }.mapValues { read(of: $0) })
        case .array(let items): .array(items.map { read(of: $0) })
        default: value
        }
    }

    private static func receiver(_ forge: Forge) throws -> WebhookReceiver {
        let secret = try #require(WebhookSecret(Self.secret.utf8))
        let names = ["acme/shop", "ACME/shop"]
        return WebhookReceiver(
            adapters: Forge.allCases.map(\.adapter),
            subscriptions: names.map {
                Subscription(repository: Samples.repository().name, forge: forge.rawValue, fullName: $0, secret: secret)
            })
    }

    /// Another event every now and then; most of all what changes a stack.
    private static func events(_ forge: Forge) -> [String?] {
        switch forge {
        case .github, .gitea, .forgejo: [nil, nil, nil, "push", "ping", "issue_comment"]
        case .gitlab: [nil, nil, nil, "Push Hook", "Note Hook"]
        case .bitbucket: [nil, nil, "pullrequest:updated", "pullrequest:fulfilled", "repo:push"]
        case .bitbucketServer: [nil, nil, "pr:from_ref_updated", "pr:declined", "repo:refs_changed", "diagnostics:ping"]
        case .generic: [nil]
        }
    }

    @Test(arguments: Forge.allCases)
    func deliveries(forge: Forge) throws {
        try fuzz("delivery-\(forge)", try ForgeDelivery.opened(on: forge), Self.events(forge))
    }

    @Test(arguments: ForgeDelivery.commenting)
    func comments(forge: Forge) throws { try fuzz("comment-\(forge)", try ForgeDelivery.commented(on: forge), [nil]) }

    /// Mutates what `sample` says. An event that is nil is the sample's own.
    private func fuzz(_ target: String, _ sample: ForgeDelivery, _ events: [String?]) throws {
        let forge = sample.forge
        let receiver = try Self.receiver(forge)
        let payload = Self.read(of: sample.payload)
        let whole = payload.canonicalBytes
        let names = Self.keys.sorted()
        var accepted = 0
        try Fuzzing.run(target, inputs: 20_000) { input, mutator in
            let body = Data(input.isMultiple(of: 2) ? mutator.mutate(whole) : mutator.mutate(payload, keys: names).canonicalBytes)
            let delivery = ForgeDelivery(forge, .null, event: (events.randomElement(using: &mutator.random) ?? nil) ?? sample.event)
            var headers = delivery.headers(of: body, secret: Self.secret, at: Samples.start)
            if mutator.random.once(in: 5), let name = headers.keys.sorted().randomElement(using: &mutator.random) {
                headers[name] = String(decoding: mutator.mutate(Array((headers[name] ?? "").utf8)), as: UTF8.self)
            }
            let pairs = headers.map { (name: $0.key, value: $0.value) }
            let raw = Delivery(forge: forge.rawValue, headers: pairs, body: body, receivedAt: Samples.start)
            let start = Self.milliseconds
            let outcome = Result { () throws(DeliveryRejection) in try receiver.receive(raw) }
            if case .success(let verified) = outcome, case .comment(let event) = verified.message {
                _ = CommentCommand(comment: event.text)
            }
            // Of this thread's own work, so that a busy machine does not count.
            #expect(Self.milliseconds - start < 50, "input \(input)")
            switch outcome {
            case .success(let verified):
                accepted += 1
                check(verified, body, input)
            case .failure(let rejection):
                #expect([400, 401, 404, 415].contains(rejection.status), "input \(input)")
                #expect("\(rejection)".utf8.count < 1_400, "input \(input)")
            }
        }
        #expect(accepted > 0)
    }

    private static var milliseconds: Int {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return time.tv_sec * 1_000 + time.tv_nsec / 1_000_000
    }

    private func check(_ verified: VerifiedDelivery, _ body: Data, _ input: UInt64) {
        #expect((1...100).contains(verified.id.utf8.count) && verified.hook.utf8.count <= 100, "input \(input)")
        if case .comment(let event) = verified.message {
            #expect((1...9_999_999_999).contains(event.number) && event.comment.utf8.count <= 20, "input \(input)")
            #expect(event.text.unicodeScalars.count <= 65_536 && event.author.account.unicodeScalars.count <= 1_024, "input \(input)")
            #expect(event.author.name.unicodeScalars.count <= 61, "input \(input)")
            return
        }
        guard case .pullRequest(let event) = verified.message else { return }
        let pullRequest = event.pullRequest
        #expect((1...9_999_999_999).contains(pullRequest.number), "input \(input)")
        #expect(pullRequest.labels.count <= 100, "input \(input)")
        #expect(pullRequest.head == nil || pullRequest.shortHead == nil, "input \(input)")
        #expect(pullRequest.ref?.hasPrefix("refs/") != false, "input \(input)")
        #expect(pullRequest.url.isEmpty || pullRequest.url.lowercased().hasPrefix("http"), "input \(input)")
        let texts =
            [pullRequest.title, pullRequest.author, pullRequest.branch, pullRequest.base, pullRequest.ref ?? ""] + pullRequest.labels
        #expect(texts.allSatisfy { $0.unicodeScalars.count <= 1_024 }, "input \(input)")
        #expect(!texts.joined().unicodeScalars.contains { $0.properties.generalCategory == .control }, "input \(input)")
        // What is kept is never more than what came, but for the word "ghost".
        #expect(texts.reduce(pullRequest.url.utf8.count) { $0 + $1.utf8.count } <= body.count + 5, "input \(input)")
    }
}
