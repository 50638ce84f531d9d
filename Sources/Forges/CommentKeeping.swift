import Foundation
import Orchestration
import StagingModel

/// One comment of a pull request.
struct ForgeComment: Hashable, Sendable {
    var id: String
    /// The account that wrote it, in the form that ``ForgeClient/account()`` has.
    var author: String
    var text: String
    /// Bitbucket Data Center edits the version that one names.
    var version = 0
}

/// What a forge needs to have for one comment to be kept: the rest is the same everywhere.
protocol CommentKeeping: ForgeClient {
    /// In code points.
    var longestComment: Int { get }
    /// A mark that the forge keeps in a comment's text, and does not show.
    func hidden(_ marker: String) -> String
    func comment(_ id: String, on number: Int) async throws -> ForgeComment?
    /// Over all pages, oldest first.
    func firstComment(on number: Int, where matches: (ForgeComment) -> Bool) async throws -> ForgeComment?
    func post(_ text: String, on number: Int) async throws -> ForgeComment
    func edit(_ comment: ForgeComment, to text: String, on number: Int) async throws
}

extension CommentKeeping {
    /// HTML's comments, which most forges keep and don't show.
    func hidden(_ marker: String) -> String { "<!-- \(marker) -->" }

    func keepComment(_ comment: StackComment, on number: Int) async throws -> KeptComment {
        let mark = hidden("slingshot:\(comment.stack)")
        let text = "\(comment.text.cut(to: longestComment - mark.count - 2))\n\n\(mark)"
        guard let known = try await known(comment, mark, on: number) else {
            return KeptComment(id: try await post(text, on: number).id, change: .created)
        }
        if known.text.asKept == text.asKept { return KeptComment(id: known.id, change: .unchanged) }
        try await edit(known, to: text, on: number)
        return KeptComment(id: known.id, change: .edited)
    }

    /// The stack's comment. An id is ours because we made it; a mark can be copied by everybody, so its author counts. It counts at the
    /// end only, because what stands before it can quote what strangers wrote. Without an account, nothing is ours for certain.
    private func known(_ comment: StackComment, _ mark: String, on number: Int) async throws -> ForgeComment? {
        if let id = comment.id, let known = try await self.comment(id, on: number) { return known }
        guard let account = try await account() else { return nil }
        return try await firstComment(on: number) { $0.author == account && $0.text.asKept.hasSuffix(mark) }
    }
}

extension String {
    /// As forges keep it: line ends and the white space around are theirs to change.
    fileprivate var asKept: String { replacing("\r\n", with: "\n").trimmingCharacters(in: .whitespacesAndNewlines) }
}
