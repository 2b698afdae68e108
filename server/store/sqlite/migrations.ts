/**
 * Numbered migrations, oldest first: the number is the place in the list, `PRAGMA user_version` says how many ran.
 * A migration that was released is never changed; a new one is added below.
 */
export const migrations: string[] = [
  `CREATE TABLE event (
     attempt  TEXT NOT NULL,
     sequence INTEGER NOT NULL,
     at       TEXT NOT NULL,
     type     TEXT NOT NULL,
     body     TEXT NOT NULL,
     PRIMARY KEY (attempt, sequence)
   ) WITHOUT ROWID;
   CREATE TABLE attempt (
     id        TEXT PRIMARY KEY,
     account   TEXT NOT NULL,
     lab       TEXT NOT NULL,
     startedAt TEXT NOT NULL,
     endedAt   TEXT,
     deleted   INTEGER NOT NULL DEFAULT 0,
     held      INTEGER NOT NULL DEFAULT 1,
     last      INTEGER NOT NULL
   );
   CREATE INDEX attempt_by_account ON attempt (account, startedAt);
   CREATE TABLE document (
     kind  TEXT NOT NULL,
     key   TEXT NOT NULL,
     value TEXT NOT NULL,
     PRIMARY KEY (kind, key)
   ) WITHOUT ROWID;
   CREATE TRIGGER event_append_only_update BEFORE UPDATE ON event BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
   CREATE TRIGGER event_append_only_delete BEFORE DELETE ON event BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;`,
]
