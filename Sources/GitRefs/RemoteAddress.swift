import CLibgit2
import Foundation
import Orchestration

/// The configured address of a repository.
struct RemoteAddress: Hashable {
    /// What libgit2 connects to.
    let url: String
    /// For people: without user name and password.
    let description: String

    /// Accepts an absolute path, `file://`, `https://`, `http://`, `ssh://` and ssh's short form `git@host:path`; throws a terminal
    /// error for anything else. `git://` is out because nothing vouches for what it delivers.
    init(_ text: String) throws(StepError) {
        description = oneLine(Self.withoutUserInfo(text))
        guard
            !text.unicodeScalars.contains(where: { $0.value <= 0x20 || $0.value == 0x7F }) || text.hasPrefix("/") && !text.utf8.contains(0)
        else {
            throw StepError("the url \(description) contains white space or control characters; remove them", isRetryable: false)
        }
        if text.hasPrefix("/"), let path = text.addingPercentEncoding(withAllowedCharacters: .urlPathAllowed) {
            url = "file://" + path  // so that a path with a colon is never taken for ssh's short form
        } else if let end = text.range(of: "://") {
            let scheme = text[..<end.lowerBound].lowercased()
            guard ["file", "https", "http", "ssh"].contains(scheme) else { throw Self.unsupported(description) }
            url = scheme + text[end.lowerBound...]
        } else if let colon = text.firstIndex(of: ":"), colon != text.startIndex, !text[..<colon].contains("/"), !text.hasPrefix("-") {
            url = text
        } else {
            throw Self.unsupported(description)
        }
    }

    private static func unsupported(_ text: String) -> StepError {
        StepError("the url \(text) is not supported; use https://, http://, ssh://, file:// or an absolute path", isRetryable: false)
    }

    /// RFC 3986, section 3.2.1: what stands before the last `@` of the authority.
    private static func withoutUserInfo(_ text: String) -> String {
        let start = text.range(of: "://")?.upperBound ?? text.startIndex
        let end = text[start...].firstIndex { "/?#".contains($0) } ?? text.endIndex
        guard let at = text[start..<end].lastIndex(of: "@") else { return text }
        return String(text[..<start] + text[text.index(after: at)...])
    }
}

extension RemoteAddress {
    /// What a failed fetch of `ref` means: whether trying again can help, and what to change where it can't.
    func stepError(for failure: GitFailure, fetching ref: RefName, isConnected: Bool) -> StepError {
        let detail = oneLine(failure.message.replacingOccurrences(of: url, with: description))
        switch failure.code {
        case GIT_EAUTH.rawValue:
            return StepError(
                "\(self) asks for credentials, or does not exist; use an address that can be read without them (\(detail))",
                isRetryable: false)
        case GIT_ECERTIFICATE.rawValue:
            return StepError(
                "the certificate or host key of \(self) is not trusted; install its authority on this machine (\(detail))",
                isRetryable: false)
        case GIT_EPEEL.rawValue, GIT_EINVALIDSPEC.rawValue:
            return StepError("\(ref) in \(self) does not name a commit; name a branch, a pull request or a tag", isRetryable: false)
        case _ where url.hasPrefix("file://") && !isConnected:
            return StepError("there is no readable git repository at \(self); correct the repository's url (\(detail))", isRetryable: false)
        case _ where detail.contains("redirect"):
            return StepError(
                "\(self) redirects elsewhere, which is never followed; configure the final url (\(detail))", isRetryable: false)
        case _ where ["status code: 404", "status code: 410"].contains(where: detail.hasSuffix):
            return StepError("\(self) does not exist; correct the repository's url (\(detail))", isRetryable: false)
        default:
            return StepError("fetching \(ref) from \(self) failed: \(detail)", isRetryable: true)
        }
    }
}

extension RemoteAddress: CustomStringConvertible {}
