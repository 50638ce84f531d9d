public import StagingModel

/// What the forge sends later in the pull request's life.
extension ForgeDelivery {
    /// The same with `head` as its commit, as far as the forge tells it.
    public func at(_ head: CommitID) -> ForgeDelivery {
        let commit = JSONValue.string(head.description)
        return switch forge {
        case .github, .gitea, .forgejo: with(["pull_request", "head", "sha"], commit)
        case .gitlab: with(["object_attributes", "last_commit", "id"], commit)
        case .bitbucket: with(["pullrequest", "source", "commit", "hash"], .string(String(head.description.prefix(12))))
        case .bitbucketServer: with(["pullRequest", "fromRef", "latestCommit"], commit)
        case .generic: with(["sha"], commit)
        }
    }

    /// The head was pushed.
    public func pushed(id: String) -> ForgeDelivery {
        switch forge {
        case .github: told(id, ["action"], "synchronize")
        case .gitea, .forgejo: told(id, ["action"], "synchronized")
        case .gitlab:
            told(id, ["object_attributes", "action"], "update")
                .with(["object_attributes", "oldrev"], "9049f1265b7d61be4a8904a9a27120d2064dab3b")
        case .bitbucket: told(id, ["pullrequest", "state"], "OPEN", event: "pullrequest:updated")
        case .bitbucketServer: told(id, ["eventKey"], "pr:from_ref_updated", event: "pr:from_ref_updated")
        case .generic: told(id, ["action"], "pushed")
        }
    }

    /// The pull request was closed without a merge.
    public func closed(id: String) -> ForgeDelivery {
        switch forge {
        case .github, .gitea, .forgejo: told(id, ["action"], "closed")
        case .gitlab: told(id, ["object_attributes", "action"], "close")
        case .bitbucket: told(id, ["pullrequest", "state"], "DECLINED", event: "pullrequest:rejected")
        case .bitbucketServer: told(id, ["eventKey"], "pr:declined", event: "pr:declined")
        case .generic: told(id, ["action"], "closed")
        }
    }

    private func told(_ id: String, _ path: [String], _ value: JSONValue, event: String? = nil) -> ForgeDelivery {
        var delivery = with(path, value)
        delivery.id = id
        delivery.event = event ?? self.event
        return delivery
    }

    func with(_ path: [String], _ value: JSONValue) -> ForgeDelivery {
        func set(_ fields: JSONValue, _ path: ArraySlice<String>) -> JSONValue {
            guard let key = path.first else { return value }
            var changed = fields
            changed[key] = set(fields[key] ?? .null, path.dropFirst())
            return changed
        }
        var delivery = self
        delivery.payload = set(payload, path[...])
        return delivery
    }
}
