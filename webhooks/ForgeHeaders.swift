import StagingModel

/// Which forge sent a delivery, by its headers. The route decides how it is read; a forge at another one's route is told so.
extension Delivery {
    /// The forges by the headers that only they send, given those before them: Forgejo sends Gitea's too, and both send GitHub's. A name
    /// that ends in `-` stands for all headers that begin so. `X-Request-Id` tells nothing: proxies add it.
    private static let marks: [(forge: Forge, headers: [String])] = [
        (.forgejo, ["x-forgejo-"]), (.gitea, ["x-gitea-"]), (.gitlab, ["x-gitlab-"]), (.github, ["x-github-"]),
        (.bitbucket, ["x-hook-uuid", "x-request-uuid"]), (.bitbucketServer, ["x-event-key"]),
    ]

    /// Headers of another forge are ``DeliveryRejection/malformed(field:why:)``. None at all are left to the forge's own reading.
    func refuseOtherForges() throws(DeliveryRejection) {
        for (sender, headers) in Self.marks {
            guard let header = self.headers.keys.filter({ name in headers.contains { name.isMarked(by: $0) } }).min() else { continue }
            if sender.rawValue == forge { return }
            throw .malformed(
                field: header, why: "is a header of \(sender.rawValue); point this webhook at /webhooks/\(sender.rawValue)")
        }
    }
}

extension String {
    fileprivate func isMarked(by mark: String) -> Bool { mark.hasSuffix("-") ? hasPrefix(mark) : self == mark }
}
