import Foundation
import NIOHTTP1
import Orchestration
import StagingModel

/// A successful answer, whole.
struct ForgeAnswer: Sendable {
    var status: Int
    var headers: HTTPHeaders
    var body: Data
    /// For texts.
    var forge: Forge
    var call: ForgeCall

    func header(_ name: String) -> String? { headers.first(name: name) }

    /// Throws ``ForgeError/Kind/unreadable`` with the field that is not as documented.
    func decoded<Value: Decodable>(as type: Value.Type = Value.self) throws(ForgeError) -> Value {
        do { return try Self.decoder.decode(type, from: body) } catch let error as DecodingError {
            throw unreadable(Self.text(of: error))
        } catch { throw unreadable("it is not JSON") }
    }

    func unreadable(_ why: String) -> ForgeError {
        ForgeError(
            .unreadable, "\(forge.name)'s answer can't be read, asked to \(call.purpose): \(why); check the API's address, `api`")
    }

    /// GitHub and Gitea tell whole seconds, GitLab and Bitbucket fractions too.
    private static let decoder: JSONDecoder = {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .custom { decoder in
            let container = try decoder.singleValueContainer()
            // Bitbucket Data Center: milliseconds
            if let milliseconds = try? container.decode(Int64.self) { return Date(timeIntervalSince1970: Double(milliseconds) / 1000) }
            let text = try container.decode(String.self)
            if let date = (try? Date(text, strategy: .iso8601)) ?? (try? Date(text, strategy: fractional)) { return date }
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a time")
        }
        return decoder
    }()

    private static let fractional = Date.ISO8601FormatStyle(includingFractionalSeconds: true)

    /// In words of ours: the decoder's own quote what a stranger wrote.
    private static func text(of error: DecodingError) -> String {
        func path(_ keys: [any CodingKey]) -> String {
            keys.map { $0.intValue.map { "[\($0)]" } ?? ".\($0.stringValue)" }.joined().drop { $0 == "." }.description
        }
        switch error {
        case .keyNotFound(let key, let context): return "\(path(context.codingPath + [key])) is missing"
        case .valueNotFound(_, let context): return "\(path(context.codingPath)) is null"
        case .typeMismatch(_, let context): return "\(path(context.codingPath)) is of another type"
        case .dataCorrupted(let context) where !context.codingPath.isEmpty: return "\(path(context.codingPath)) holds no such value"
        default: return "it is not JSON"
        }
    }
}
