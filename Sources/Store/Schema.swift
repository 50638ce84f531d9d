import GRDB

/// The tables, as a history of migrations. A migration that has landed is never edited; the next one changes what it made.
enum Schema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 stacks, events, deliveries") { database in
            // The record is one JSON document, because it is only ever read and written whole; what is searched for has columns.
            try database.execute(
                sql: """
                    CREATE TABLE stack (
                        name TEXT PRIMARY KEY NOT NULL,
                        phase TEXT NOT NULL,
                        wakeAt INTEGER,
                        record TEXT NOT NULL
                    ) WITHOUT ROWID, STRICT;
                    CREATE INDEX stackByWake ON stack (wakeAt) WHERE wakeAt IS NOT NULL;

                    CREATE TABLE event (
                        id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
                        stack TEXT NOT NULL,
                        at INTEGER NOT NULL,
                        kind TEXT NOT NULL,
                        name TEXT NOT NULL,
                        message TEXT NOT NULL
                    ) STRICT;
                    CREATE INDEX eventByStack ON event (stack, id);
                    CREATE TRIGGER eventIsAppendOnly BEFORE UPDATE ON event
                        BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;

                    CREATE TABLE delivery (
                        forge TEXT NOT NULL,
                        hook TEXT NOT NULL,
                        id TEXT NOT NULL,
                        at INTEGER NOT NULL,
                        outcome TEXT NOT NULL,
                        PRIMARY KEY (forge, hook, id)
                    ) WITHOUT ROWID, STRICT;
                    """)
        }
        migrator.registerMigration("2 tokens, probe") { database in
            try database.execute(
                sql: """
                    CREATE TABLE token (
                        name TEXT PRIMARY KEY NOT NULL,
                        role TEXT NOT NULL,
                        digest BLOB NOT NULL UNIQUE,
                        createdAt INTEGER NOT NULL,
                        expiresAt INTEGER,
                        lastUsedAt INTEGER
                    ) STRICT;
                    CREATE TABLE probe (
                        id INTEGER PRIMARY KEY NOT NULL,
                        at INTEGER NOT NULL
                    ) STRICT;
                    """)
        }
        migrator.registerMigration("3 feedback") { database in
            // What was told is one document, as a stack's record is.
            try database.execute(
                sql: """
                    CREATE TABLE feedback (
                        stack TEXT PRIMARY KEY NOT NULL,
                        repository TEXT NOT NULL,
                        pendingSince INTEGER,
                        dueAt INTEGER,
                        toldAt INTEGER,
                        told TEXT
                    ) WITHOUT ROWID, STRICT;
                    CREATE INDEX feedbackByDue ON feedback (repository, dueAt) WHERE dueAt IS NOT NULL;
                    """)
        }
        migrator.registerMigration("4 commands") { database in
            try database.execute(
                sql: """
                    CREATE TABLE command (
                        id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
                        repository TEXT NOT NULL,
                        comment TEXT NOT NULL,
                        at INTEGER NOT NULL,
                        dueAt INTEGER,
                        record TEXT NOT NULL,
                        UNIQUE (repository, comment)
                    ) STRICT;
                    CREATE INDEX commandByDue ON command (repository, id) WHERE dueAt IS NOT NULL;
                    CREATE INDEX commandByTime ON command (repository, at);
                    """)
        }
        return migrator
    }
}
