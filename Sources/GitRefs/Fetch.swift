import CLibgit2
import Orchestration
import StagingModel

extension Mirror {
    /// Brings `ref` up to what the address says now, transferring only what the mirror lacks, and returns the commit that it names.
    /// A ref that moved to unrelated history is replaced. Stops soon after `stop` is raised.
    func fetch(_ ref: RefName, from address: RemoteAddress, stop: StopFlag) throws -> CommitID {
        var isConnected = false
        do {
            let remote = try anonymousRemote(address.url)
            defer { git_remote_free(remote) }
            try connect(remote, stop)
            isConnected = true
            guard var id = try advertised(ref, by: remote) else {
                throw StepError("\(ref) does not exist in \(address)", isRetryable: false)
            }
            try download(ref, from: remote, stop)
            git_remote_disconnect(remote)
            guard !stop.isRaised else { throw GitFailure(code: GIT_EUSER.rawValue, area: 0, message: "the fetch was stopped") }
            let commit = try peeled(id)
            var reference: OpaquePointer?
            try check(git_reference_create(&reference, repository, ref.description, &id, 1, "fetch"))
            git_reference_free(reference)
            return commit
        } catch let failure as GitFailure {
            throw address.stepError(for: failure, fetching: ref, isConnected: isConnected)
        }
    }

    /// A remote that lives in memory only, and whose address no `insteadOf` rewrites.
    private func anonymousRemote(_ url: String) throws(GitFailure) -> OpaquePointer {
        var options = git_remote_create_options()
        try check(git_remote_create_options_init(&options, UInt32(GIT_REMOTE_CREATE_OPTIONS_VERSION)))
        options.repository = repository
        options.flags = GIT_REMOTE_CREATE_SKIP_INSTEADOF.rawValue | GIT_REMOTE_CREATE_SKIP_DEFAULT_FETCHSPEC.rawValue
        var remote: OpaquePointer?
        try check(git_remote_create_with_opts(&remote, url, &options))
        return try made(remote)
    }

    private func connect(_ remote: OpaquePointer, _ stop: StopFlag) throws(GitFailure) {
        var options = git_remote_connect_options()
        try check(git_remote_connect_options_init(&options, UInt32(GIT_REMOTE_CONNECT_OPTIONS_VERSION)))
        options.callbacks = stop.callbacks
        options.follow_redirects = GIT_REMOTE_REDIRECT_NONE
        try check(git_remote_connect_ext(remote, GIT_DIRECTION_FETCH, &options))
    }

    /// What the connected remote says that `ref` names; nil when it has no such ref.
    private func advertised(_ ref: RefName, by remote: OpaquePointer) throws(GitFailure) -> git_oid? {
        var heads: UnsafeMutablePointer<UnsafePointer<git_remote_head>?>?
        var count = 0
        try check(git_remote_ls(&heads, &count, remote))
        let head = UnsafeBufferPointer(start: heads, count: count).first { head in
            head.map { String(cString: $0.pointee.name) } == ref.description
        }
        return head??.pointee.oid
    }

    private func download(_ ref: RefName, from remote: OpaquePointer, _ stop: StopFlag) throws(GitFailure) {
        var options = git_fetch_options()
        try check(git_fetch_options_init(&options, UInt32(GIT_FETCH_OPTIONS_VERSION)))
        options.callbacks = stop.callbacks
        options.download_tags = GIT_REMOTE_DOWNLOAD_TAGS_NONE
        options.follow_redirects = GIT_REMOTE_REDIRECT_NONE
        options.update_fetchhead = 0
        let code = "+\(ref):\(ref)".withCString { text in
            var text: UnsafeMutablePointer<CChar>? = UnsafeMutablePointer(mutating: text)
            return withUnsafeMutablePointer(to: &text) { texts in
                var refspecs = git_strarray(strings: texts, count: 1)
                return git_remote_download(remote, &refspecs, &options)
            }
        }
        try check(code)
    }

    /// The commit that an object is, or that an annotated tag leads to.
    private func peeled(_ id: git_oid) throws(GitFailure) -> CommitID {
        var id = id
        var object: OpaquePointer?
        var commit: OpaquePointer?
        try check(git_object_lookup(&object, repository, &id, GIT_OBJECT_ANY))
        defer { git_object_free(object) }
        try check(git_object_peel(&commit, object, GIT_OBJECT_COMMIT))
        defer { git_object_free(commit) }
        guard let found = git_object_id(commit) else { return try CommitID(id) }
        return try CommitID(found.pointee)
    }
}

/// A full ref name, `refs/…`, that is well-formed: see git-check-ref-format(1).
struct RefName: Hashable, CustomStringConvertible {
    let description: String

    /// Throws a terminal error for any other text.
    init(_ text: String) throws(StepError) {
        do {
            try Libgit2.start()
        } catch {
            throw StepError("libgit2 can't be started: \(oneLine(error.message))", isRetryable: false)
        }
        var valid: Int32 = 0
        guard text.hasPrefix("refs/"), text.utf8.count <= 1024, !text.utf8.contains(0), git_reference_name_is_valid(&valid, text) == 0,
            valid == 1
        else {
            throw StepError("\"\(oneLine(text))\" is not a full ref name; use one such as refs/pull/7/head", isRetryable: false)
        }
        description = text
    }
}
