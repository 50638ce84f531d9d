import Orchestration
import StagingModel
import Testing

@testable import GitRefs

/// What git and ssh say, and what is made of it. Most of it is tested with real servers; here is what those can't be made to say.
@Suite struct TransferFailureTests {
    @Test(arguments: [
        ("fatal: unable to access 'https://example.com/certificate.git/': Could not resolve host: example.com", true, false),
        (
            "fatal: unable to access 'https://example.com/certificate.git/': Failed to connect to example.com port 443: Connection refused",
            true, false
        ),
        ("fatal: unable to access 'https://example.com/certificate.git/': The requested URL returned error: 503", true, false),
        ("fatal: remote error: upload-pack: maintenance", true, false), ("fatal: pack has 1 unresolved delta", true, true),
        ("fatal: bad object refs/fetched/x", true, true), ("error: file write error: No space left on device", true, false),
        ("fatal: write error: Disk quota exceeded", true, false), ("ERROR: Repository not found.", false, false),
        ("remote: No space left on device\nfatal: the remote end hung up unexpectedly", true, true),
        ("remote: fatal: couldn't find remote ref refs/pull/7/head\nfatal: early EOF", true, true),
        ("fatal: couldn't find remote ref refs/pull/7/head", false, false),
    ]) func judges(text: String, isRetryable: Bool, canBeTheMirrors: Bool) async throws {
        let remote = try await Remote(RemoteAddress("https://example.com/certificate.git"), nil, machine: [:]) { nil }
        let result = GitCommand.Result(ending: .exited(128), lines: text.split(separator: "\n").map(String.init), output: [])
        let failure = TransferFailure(result, fetching: .ref(try RefName("refs/pull/7/head")), from: remote, limits: GitLimits())
        #expect(failure.error.isRetryable == isRetryable, "\(failure.error)")
        #expect(failure.canBeTheMirrors == canBeTheMirrors)
        #expect(!failure.error.message.contains("\n"))
    }
}
