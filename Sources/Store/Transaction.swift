import Foundation
import GRDB
import Orchestration
import StagingModel

/// The queries, inside one transaction. Instants are whole seconds since 1970.
struct Transaction: StackWriting {
    let database: Database
    let recent: RecentRecords
    /// The repositories whose forge is told of their stacks.
    let tells: Set<RepositoryName>
    let saved = SavedStacks()

    func stack(_ name: StackName) throws -> Stack? {
        try one(String.self, "SELECT record FROM stack WHERE name = ?", [name.description]).map { record in
            try recent.stack(name, record: record) { try decode(record) }
        }
    }

    func stacks(includingDestroyed: Bool) throws -> [Stack] {
        let sql = "SELECT record FROM stack" + (includingDestroyed ? "" : " WHERE phase <> 'destroyed'")
        return try String.fetchAll(try database.cachedStatement(sql: sql)).map { try decode($0, as: Stack.self) }.sorted {
            $0.name < $1.name
        }
    }

    func due(at instant: Date) throws -> [StackName] {
        let statement = try database.cachedStatement(sql: "SELECT name FROM stack WHERE wakeAt <= ? ORDER BY wakeAt")
        return try String.fetchAll(statement, arguments: [seconds(instant)]).compactMap { StackName($0) }
    }

    func nextWake(after instant: Date) throws -> Date? {
        try one(Int64.self, "SELECT min(wakeAt) FROM stack WHERE wakeAt > ?", [seconds(instant)]).map(date)
    }

    func statistics(at instant: Date) throws -> StackStatistics {
        var statistics = StackStatistics()
        for row in try Row.fetchAll(try database.cachedStatement(sql: "SELECT phase, count(*) AS number FROM stack GROUP BY phase")) {
            if let phase = Phase(rawValue: row["phase"]) { statistics.phases[phase] = row["number"] }
        }
        statistics.due = try one(Int.self, "SELECT count(*) FROM stack WHERE wakeAt <= ?", [seconds(instant)]) ?? 0
        statistics.nextExpiry = try one(
            Double.self,
            """
            SELECT min(record ->> '$.lease.expiresAt') FROM stack
            WHERE phase <> 'destroyed' AND record -> '$.wanted.running' IS NOT NULL AND record ->> '$.lease.expiresAt' > ?
            """, [seconds(instant)]
        ).map(Date.init(timeIntervalSince1970:))
        statistics.overdue =
            try one(
                Int.self, "SELECT count(*) FROM stack WHERE phase <> 'destroyed' AND record ->> '$.lease.expiresAt' <= ?",
                [seconds(instant)]) ?? 0
        statistics.untold = try one(Int.self, "SELECT count(*) FROM feedback WHERE dueAt IS NOT NULL", []) ?? 0
        statistics.untoldSince = try one(Int64.self, "SELECT min(pendingSince) FROM feedback WHERE dueAt IS NOT NULL", []).map(date)
        return statistics
    }

    func save(_ stack: Stack, wakeAt: Date?) throws {
        saved.names.insert(stack.name)
        let record = try encode(stack)
        try noteChange(of: stack, record: record)
        try run(
            """
            INSERT INTO stack (name, phase, wakeAt, record) VALUES (?, ?, ?, ?)
            ON CONFLICT (name) DO UPDATE SET phase = excluded.phase, wakeAt = excluded.wakeAt, record = excluded.record
            """, [stack.name.description, stack.phase.rawValue, wakeAt.map(seconds), record])
        recent.remember(stack, record: record)
    }

    func events(of stack: StackName?, after: Int64?, limit: Int) throws -> [StackEvent] {
        let sql = """
            SELECT * FROM event WHERE id > ? \(stack == nil ? "" : "AND stack = ?") ORDER BY id \(after == nil ? "DESC" : "ASC") LIMIT ?
            """
        var arguments: StatementArguments = [after ?? 0]
        if let stack { arguments += [stack.description] }
        arguments += [limit]
        let events = try Row.fetchAll(try database.cachedStatement(sql: sql), arguments: arguments).compactMap { row -> StackEvent? in
            guard let name = StackName(row["stack"]), let kind = StackEvent.Kind(rawValue: row["kind"]) else { return nil }
            return StackEvent(id: row["id"], stack: name, at: date(row["at"]), kind: kind, name: row["name"], message: row["message"])
        }
        return after == nil ? events.reversed() : events
    }

    func append(_ event: StackEvent) throws {
        try run(
            "INSERT INTO event (stack, at, kind, name, message) VALUES (?, ?, ?, ?, ?)",
            [event.stack.description, seconds(event.at), event.kind.rawValue, event.name, event.message])
    }

    func outcome(ofDelivery key: DeliveryKey) throws -> DeliveryOutcome? {
        try one(String.self, "SELECT outcome FROM delivery WHERE forge = ? AND hook = ? AND id = ?", [key.forge, key.hook, key.id])
            .map { try decode($0) }
    }

    func knownDeliveries(among ids: Set<String>, of forge: String) throws -> Set<String> {
        // No index is kept for a question that is asked every ten minutes at the most: each delivery would pay for it.
        let sql = "SELECT DISTINCT id FROM delivery WHERE forge = ? AND id IN (SELECT value FROM json_each(?))"
        return try String.fetchSet(try database.cachedStatement(sql: sql), arguments: [forge, try encode(ids.sorted())])
    }

    func remember(_ outcome: DeliveryOutcome, ofDelivery key: DeliveryKey, at instant: Date) throws {
        try run(
            "INSERT INTO delivery (forge, hook, id, at, outcome) VALUES (?, ?, ?, ?, ?)",
            [key.forge, key.hook, key.id, seconds(instant), try encode(outcome)])
    }

    func probe(at instant: Date) throws {
        try run("INSERT INTO probe (id, at) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET at = excluded.at", [seconds(instant)])
    }

    // Statements are compiled once a connection: compiling takes longer than most of them run.

    func run(_ sql: String, _ arguments: StatementArguments) throws {
        try database.cachedStatement(sql: sql).execute(arguments: arguments)
    }

    func one<T: DatabaseValueConvertible & StatementColumnConvertible>(_ type: T.Type, _ sql: String, _ arguments: StatementArguments)
        throws
        -> T?
    {
        try T.fetchOne(try database.cachedStatement(sql: sql), arguments: arguments)
    }
}

func seconds(_ instant: Date) -> Int64 { Int64(instant.timeIntervalSince1970.rounded(.down)) }

func date(_ seconds: Int64) -> Date { Date(timeIntervalSince1970: TimeInterval(seconds)) }

func encode(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.dateEncodingStrategy = .secondsSince1970
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
}

func decode<T: Decodable>(_ text: String, as type: T.Type = T.self) throws -> T {
    let decoder = JSONDecoder()
    decoder.dateDecodingStrategy = .secondsSince1970
    return try decoder.decode(T.self, from: Data(text.utf8))
}
