import Foundation
import NIOHTTP1
import Orchestration
import StagingModel

/// One page of a list, in a forge's own manner.
protocol ForgePage: Decodable, Sendable {
    associatedtype Item: Sendable
    var items: [Item] { get }
    /// The query that asks for the next page; nil after the last.
    ///
    /// Of a link only its query is used, on the path that was asked: no answer can lead the token to another host.
    func next(after answer: ForgeAnswer, asked query: [(name: String, value: String)]) throws(ForgeError) -> [(
        name: String, value: String
    )]?
}

extension ForgeSession {
    /// More than this many pages is no list that a repository has, but a server that turns in circles.
    private static let mostPages = 200

    /// The whole list. Throws rather than return a part of it.
    func list<Page: ForgePage>(_ request: ForgeRequest, as type: Page.Type) async throws -> [Page.Item] {
        var all: [Page.Item] = []
        let last = try await pages(request, as: type) { items in
            all += items
            return true
        }
        let total = (last.header("x-total-count") ?? last.header("x-total")).flatMap { Int($0) }
        if let total, all.count < total {
            throw ForgeError(
                .unavailable,
                "\(last.forge.name) told \(all.count) of \(total) things, asked to \(request.call.purpose); it is asked again")
        }
        return all
    }

    /// The first that `matches`, over all pages.
    func first<Page: ForgePage>(
        in request: ForgeRequest, as type: Page.Type, where matches: (Page.Item) -> Bool
    ) async throws -> Page.Item? {
        var found: Page.Item?
        try await pages(request, as: type) { items in
            found = items.first(where: matches)
            return found == nil
        }
        return found
    }

    /// Those before the first that does not match.
    func prefix<Page: ForgePage>(
        of request: ForgeRequest, as type: Page.Type, while matches: (Page.Item) -> Bool
    ) async throws -> [Page.Item] {
        var all: [Page.Item] = []
        try await pages(request, as: type) { items in
            let good = items.prefix(while: matches)
            all += good
            return good.count == items.count
        }
        return all
    }

    /// Goes through the pages while `visit` wants more. Returns the last answer.
    @discardableResult
    private func pages<Page: ForgePage>(
        _ request: ForgeRequest, as type: Page.Type, _ visit: ([Page.Item]) -> Bool
    ) async throws -> ForgeAnswer {
        var request = request
        var seen: Set<String> = []
        while true {
            let answer = try await send(request)
            let page = try answer.decoded(as: type)
            guard seen.insert(try request.target()).inserted, seen.count <= Self.mostPages else {
                throw answer.unreadable("the list has no end")
            }
            guard visit(page.items), let next = try page.next(after: answer, asked: request.query) else { return answer }
            request.query = next
        }
    }
}

/// GitHub's, Gitea's and Forgejo's: an array, with the next page in the header `Link` (RFC 8288).
struct LinkedPage<Item: Decodable & Sendable>: ForgePage {
    let items: [Item]

    init(from decoder: any Decoder) throws { items = try decoder.singleValueContainer().decode([Item].self) }

    func next(after answer: ForgeAnswer, asked _: [(name: String, value: String)]) throws(ForgeError) -> [(name: String, value: String)]? {
        let links = answer.headers["link"].joined(separator: ",").split(separator: ",")
        guard let link = links.first(where: { $0.contains(#"rel="next""#) || $0.contains("rel=next") }) else { return nil }
        guard let start = link.firstIndex(of: "<"), let end = link[start...].firstIndex(of: ">"),
            let query = queryItems(of: String(link[link.index(after: start)..<end]))
        else { throw answer.unreadable("its link to the next page is none") }
        return query
    }
}

/// GitLab's: an array, with the next page's number in `X-Next-Page`, which is empty on the last.
struct NumberedPage<Item: Decodable & Sendable>: ForgePage {
    let items: [Item]

    init(from decoder: any Decoder) throws { items = try decoder.singleValueContainer().decode([Item].self) }

    func next(after answer: ForgeAnswer, asked query: [(name: String, value: String)]) throws(ForgeError) -> [(
        name: String, value: String
    )]? {
        guard let number = answer.header("x-next-page") else { throw answer.unreadable("it does not say whether there is more") }
        if number.isEmpty { return nil }
        guard let page = Int(number), page > 1 else { throw answer.unreadable("its next page is none") }
        return query.filter { $0.name != "page" } + [("page", "\(page)")]
    }
}

/// Bitbucket Cloud's: `values`, with the address of the next page in `next`.
struct CursorPage<Item: Decodable & Sendable>: ForgePage {
    private let values: [Item]
    private let next: String?
    var items: [Item] { values }

    func next(after answer: ForgeAnswer, asked _: [(name: String, value: String)]) throws(ForgeError) -> [(name: String, value: String)]? {
        guard let next else { return nil }
        guard let query = queryItems(of: next) else { throw answer.unreadable("its link to the next page is none") }
        return query
    }
}

/// Bitbucket Data Center's: `values`, with the number of the next item in `nextPageStart` unless `isLastPage`.
struct OffsetPage<Item: Decodable & Sendable>: ForgePage {
    private let values: [Item]
    private let isLastPage: Bool
    private let nextPageStart: Int?
    var items: [Item] { values }

    func next(after answer: ForgeAnswer, asked query: [(name: String, value: String)]) throws(ForgeError) -> [(
        name: String, value: String
    )]? {
        if isLastPage { return nil }
        guard let nextPageStart else { throw answer.unreadable("it says that there is more, and not where") }
        return query.filter { $0.name != "start" } + [("start", "\(nextPageStart)")]
    }
}

/// The query of a link, decoded; nil when it has none.
private func queryItems(of link: String) -> [(name: String, value: String)]? {
    guard link.utf8.count <= 4_096, let items = URLComponents(string: link)?.queryItems, !items.isEmpty else { return nil }
    return items.map { ($0.name, $0.value ?? "") }
}
