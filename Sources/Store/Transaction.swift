import Foundation
import GRDB
import Orchestration
import StagingModel

/// The queries, inside one transaction. Instants are whole seconds since 1970.
struct Transaction: StackWriting {
    let database: Database
    let saved = SavedStacks()

    func stack(_ name: StackName) throws -> Stack? {
        try String.fetchOne(database, sql: "SELECT record FROM stack WHERE name = ?", arguments: [name.description]).map { try decode($0) }
    }

    func stacks(includingDestroyed: Bool) throws -> [Stack] {
        let sql = "SELECT record FROM stack" + (includingDestroyed ? "" : " WHERE phase <> 'destroyed'")
        return try String.fetchAll(database, sql: sql).map { try decode($0, as: Stack.self) }.sorted { $0.name < $1.name }
    }

    func due(at instant: Date) throws -> [StackName] {
        try String.fetchAll(database, sql: "SELECT name FROM stack WHERE wakeAt <= ? ORDER BY wakeAt", arguments: [seconds(instant)])
            .compactMap { StackName($0) }
    }

    func nextWake(after instant: Date) throws -> Date? {
        try Int64.fetchOne(database, sql: "SELECT min(wakeAt) FROM stack WHERE wakeAt > ?", arguments: [seconds(instant)])
            .map { Date(timeIntervalSince1970: TimeInterval($0)) }
    }

    func save(_ stack: Stack, wakeAt: Date?) throws {
        saved.names.insert(stack.name)
        try database.execute(
            sql: """
                INSERT INTO stack (name, phase, wakeAt, record) VALUES (?, ?, ?, ?)
                ON CONFLICT (name) DO UPDATE SET phase = excluded.phase, wakeAt = excluded.wakeAt, record = excluded.record
                """,
            arguments: [stack.name.description, stack.phase.rawValue, wakeAt.map(seconds), try encode(stack)])
    }

    func events(of stack: StackName?, after: Int64?, limit: Int) throws -> [StackEvent] {
        let sql = """
            SELECT * FROM event WHERE id > ? \(stack == nil ? "" : "AND stack = ?") ORDER BY id \(after == nil ? "DESC" : "ASC") LIMIT ?
            """
        var arguments: StatementArguments = [after ?? 0]
        if let stack { arguments += [stack.description] }
        arguments += [limit]
        let events = try Row.fetchAll(database, sql: sql, arguments: arguments).compactMap { row -> StackEvent? in
            guard let name = StackName(row["stack"]), let kind = StackEvent.Kind(rawValue: row["kind"]) else { return nil }
            return StackEvent(
                id: row["id"], stack: name, at: Date(timeIntervalSince1970: TimeInterval(row["at"] as Int64)), kind: kind,
                name: row["name"], message: row["message"])
        }
        return after == nil ? events.reversed() : events
    }

    func append(_ event: StackEvent) throws {
        try database.execute(
            sql: "INSERT INTO event (stack, at, kind, name, message) VALUES (?, ?, ?, ?, ?)",
            arguments: [event.stack.description, seconds(event.at), event.kind.rawValue, event.name, event.message])
    }

    func outcome(ofDelivery key: DeliveryKey) throws -> DeliveryOutcome? {
        try String.fetchOne(
            database, sql: "SELECT outcome FROM delivery WHERE forge = ? AND hook = ? AND id = ?", arguments: [key.forge, key.hook, key.id]
        ).map { try decode($0) }
    }

    func remember(_ outcome: DeliveryOutcome, ofDelivery key: DeliveryKey, at instant: Date) throws {
        try database.execute(
            sql: "INSERT INTO delivery (forge, hook, id, at, outcome) VALUES (?, ?, ?, ?, ?)",
            arguments: [key.forge, key.hook, key.id, seconds(instant), try encode(outcome)])
    }
}

private func seconds(_ instant: Date) -> Int64 { Int64(instant.timeIntervalSince1970.rounded(.down)) }

private func encode(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.dateEncodingStrategy = .secondsSince1970
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
}

private func decode<T: Decodable>(_ text: String, as type: T.Type = T.self) throws -> T {
    let decoder = JSONDecoder()
    decoder.dateDecodingStrategy = .secondsSince1970
    return try decoder.decode(T.self, from: Data(text.utf8))
}
