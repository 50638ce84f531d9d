import Foundation

/// The names of the labels and annotations that Slingshot puts on what it creates. Scripts and clusters depend on them.
public enum StackMetadata {
    public static let managedBy = "app.kubernetes.io/managed-by"
    public static let manager = "slingshot"
    public static let stack = "slingshot.dev/stack"
    public static let repository = "slingshot.dev/repository"
    public static let pullRequest = "slingshot.dev/pull-request"

    public static let expiresAt = "slingshot.dev/expires-at"
    public static let createdAt = "slingshot.dev/created-at"
    public static let forge = "slingshot.dev/forge"
    public static let repositoryFullName = "slingshot.dev/repository-full-name"
    public static let headSHA = "slingshot.dev/head-sha"
    /// Where the stack file was read, if not at the head: the base of a pull request from a fork.
    public static let baseSHA = "slingshot.dev/base-sha"
    public static let title = "slingshot.dev/title"
    public static let author = "slingshot.dev/author"
    public static let planDigest = "slingshot.dev/plan-digest"
    public static let url = "slingshot.dev/url"
    /// The kinds that a stack was ever made of, so that its leftovers are found: `apps/v1/Deployment,example.com/v1/Database,v1/Secret`.
    public static let kinds = "slingshot.dev/kinds"
    /// On an object of a stack: an integer. What has a lower one is applied and ready before.
    public static let wave = "slingshot.dev/wave"
    /// kube-janitor's expiry, so that an existing janitor is a second safety net.
    public static let janitorExpires = "janitor/expires"

    /// The value of ``expiresAt`` for a pinned stack.
    public static let never = "never"

    /// The labels on everything that belongs to a stack.
    public static func labels(of stack: StackName) -> [String: String] {
        [
            managedBy: manager, Self.stack: stack.description, repository: stack.repository.description,
            pullRequest: String(stack.number),
        ]
    }

    /// The annotations that say when a namespace dies; the only ones that change without a deploy.
    /// Nil means that the annotation must not be there: kube-janitor knows no "never" in ``janitorExpires``.
    public static func annotations(of lease: Lease) -> [String: String?] {
        [
            createdAt: lease.startedAt.rfc3339,
            expiresAt: lease.expiresAt?.rfc3339 ?? never,
            janitorExpires: lease.expiresAt?.rfc3339,
        ]
    }

    /// The lease that a namespace's annotations carry; nil when they carry none that can be read.
    public static func lease(in annotations: [String: String]) -> Lease? {
        guard let text = annotations[expiresAt] else { return nil }
        let expires = Date(rfc3339: text)
        guard expires != nil || text == never else { return nil }
        let started = annotations[createdAt].flatMap { Date(rfc3339: $0) } ?? expires ?? .distantPast
        return Lease(startedAt: started, expiresAt: expires)
    }
}
