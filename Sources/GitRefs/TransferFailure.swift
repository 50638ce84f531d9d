import Foundation
import Orchestration

/// Why git's fetch failed, read from what it printed in the C locale. A server can print there too: so nothing is deleted on its word.
struct TransferFailure: Error {
    let error: StepError
    /// Whether a damaged mirror can be the cause; only a look at the mirror itself can tell.
    let canBeTheMirrors: Bool

    init(_ failure: GitFailure, in folder: MirrorFolder) {
        error = StepError("the mirror \(folder.path) can't be read: \(oneLine(failure.message)); remove that folder", isRetryable: true)
        canBeTheMirrors = true
    }

    init(_ result: GitCommand.Result, fetching target: FetchTarget, from remote: Remote, limits: GitLimits) {
        let address = remote.address
        // Names that happen to read like an error must not be taken for one.
        let told = result.lines.filter { !$0.hasPrefix("remote: ") }
            .map { $0.replacing(address.url, with: "…").replacing(address.description, with: "…").replacing(target.source, with: "…") }
        // The last lines of git are advice; the first fatal one says what happened.
        let detail = oneLine(told.first { $0.hasPrefix("fatal: ") } ?? told.last ?? "git was ended by another program")
        func says(_ texts: String...) -> Bool { texts.contains { text in told.contains { $0.localizedStandardContains(text) } } }
        func fail(_ message: String, again isRetryable: Bool, mirror: Bool = false) -> (StepError, Bool) {
            (StepError(message, isRetryable: isRetryable), mirror)
        }
        let what = "fetching \(target) from \(address) failed"
        (error, canBeTheMirrors) =
            if result.ending == .silent {
                fail("\(address) said nothing for \(limits.silence); look at the server and the network", again: true)
            } else if says("No space left on device", "Disk quota exceeded") {
                fail("\(what): the disk of the state folder is full; free some space", again: true)
            } else if says("File too large") {
                fail("\(what): it brings more than \(limits.fileBytes) bytes, which is refused", again: false)
            } else if says("couldn't find remote ref") {
                fail("\(target) does not exist in \(address)", again: false)
            } else if says("not our ref", "Server does not allow request for unadvertised object") {
                fail("the \(target) is not in \(address) any more; push again, or create the stack again", again: false)
            } else if says("Host key verification failed", "No ED25519 host key is known", "host key is known for") {
                fail("the host key of \(address) is not known, or has changed; correct the known hosts (\(detail))", again: false)
            } else if says("UNPROTECTED PRIVATE KEY FILE", "bad permissions") {
                fail("ssh refuses the key for \(address): others can read its file; set its mode to 0600", again: false)
            } else if says("Permission denied (") {
                fail("\(address) refuses the ssh key; add its public key there, or set `credentials.ssh`", again: false)
            } else if says("could not read Username", "could not read Password", "Authentication failed", "returned error: 401") {
                remote.hasCredentials
                    ? fail("\(address) refuses the token, or does not exist; renew the token of `credentials`", again: false)
                    : fail("\(address) asks for credentials, or does not exist; set the repository's `credentials`", again: false)
            } else if says("certificate", "SSL") {
                fail("the certificate of \(address) is not trusted; install its authority on this machine (\(detail))", again: false)
            } else if says(
                "returned error: 301", "returned error: 302", "returned error: 303", "returned error: 307", "returned error: 308")
            {
                fail("\(address) redirects elsewhere, which is never followed; configure the final url (\(detail))", again: false)
            } else if says("does not appear to be a git repository", "not a git repository"), address.scheme == .file {
                fail("there is no readable git repository at \(address); correct the repository's url (\(detail))", again: false)
            } else if says("not found", "does not appear to be a git repository", "returned error: 410"),
                !says("Could not resolve", "command not found")
            {
                fail("\(address) does not exist, or is not for these credentials; correct the repository's url", again: false)
            } else {
                fail("\(what): \(detail)", again: true, mirror: !says("unable to access", "remote error:", "onnection ", "ssh: "))
            }
    }
}
