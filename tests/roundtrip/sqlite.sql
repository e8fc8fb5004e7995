-- One of everything for SQLite: fills an empty file, in WAL mode. Run by the sqlite3 shell or Python's executescript of
-- 3.38 or later with FTS5 and R*Tree; nothing here is random or depends on the time.

PRAGMA encoding = 'UTF-8';
PRAGMA auto_vacuum = INCREMENTAL;
PRAGMA page_size = 8192;
PRAGMA journal_mode = WAL;
PRAGMA foreign_keys = ON;
PRAGMA user_version = 2147483647;
PRAGMA application_id = -559038737;

BEGIN;

-- Types: every affinity, none, and names that SQLite has never heard of

CREATE TABLE affinities (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    i INT, big BIGINT, t TEXT, v VARCHAR(10), c CHARACTER(3), b BLOB, none, r REAL, d DOUBLE PRECISION, f FLOAT,
    n NUMERIC, dec DECIMAL(10, 5), bool BOOLEAN, day DATE, at DATETIME, odd "GEOMETRY(POINT, 4326)", j JSON
);
INSERT INTO affinities (i, big, t, v, c, b, none, r, d, f, n, dec, bool, day, at, odd, j) VALUES
    (-9223372036854775808, 9223372036854775807, 'text', 'longer than ten', 'abc', x'00ff5c270a00', 'text', 1.5, 0.1,
    1e300,
     12.50, '12.50', TRUE, '2020-02-29', '2020-02-29 23:59:59.999', x'0102', '{"a": [1, null]}'),
    ('not an integer', '42', 42, 4.2, NULL, 'text in a blob', x'', 9e999, -9e999, -0.0, '9223372036854775808', '1e-5',
    'maybe', 0, 1.5, 7, '{'),
    ('', ' 1 ', x'31', '', '', '', 1, 5e-324, 1.7976931348623157e308, 2.2250738585072014e-308, 'abc', NULL, FALSE, '',
    '', '', ''),
    (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
-- Integers of every width that the file format has; the last row leaves one number to AUTOINCREMENT.
INSERT INTO affinities (i) VALUES (0), (1), (127), (128), (-129), (32768), (8388608), (2147483648), (140737488355328);
INSERT INTO affinities (id, i) VALUES (1000, 1), (9223372036854775806, 2);
DELETE FROM affinities WHERE id = 1000;

CREATE TABLE strict_types (i INT NOT NULL, n INTEGER, r REAL, t TEXT, b BLOB, a ANY) STRICT;
INSERT INTO strict_types VALUES (1, -1, 1, '1', x'31', '1'), (2, NULL, 9e999, '', zeroblob(70000), 1), (3, 127, -0.0,
    NULL, NULL, 1.0),
    (128, 32768, 0.5, 'x', x'', x'31'), (8388608, 2147483648, 1e-300, 'y', x'00', NULL), (-129, 140737488355328, 3, 'z',
    x'0000', 'null');
CREATE TABLE no_rowid (k TEXT, n INTEGER, v, PRIMARY KEY (n DESC, k)) WITHOUT ROWID;
INSERT INTO no_rowid VALUES ('a', 1, x'00'), ('b', 1, 'two'), ('a', -1, 3.5);
CREATE TABLE strict_no_rowid (k TEXT PRIMARY KEY COLLATE NOCASE, v ANY) STRICT, WITHOUT ROWID;
INSERT INTO strict_no_rowid VALUES ('Key', 1), ('other', 'v');
CREATE TABLE generated (a INTEGER, b TEXT, twice INTEGER GENERATED ALWAYS AS (a * 2) VIRTUAL,
    loud TEXT AS (upper(b)) STORED UNIQUE);
INSERT INTO generated VALUES (1, 'one'), (2, 'two'), (NULL, NULL);

-- Text and blobs

CREATE TABLE texts (id INTEGER PRIMARY KEY, t TEXT);
INSERT INTO texts (t) VALUES
    (''), (NULL), ('one
two'), ('tab	and \ and '' and "quotes" and `ticks` and %s ; -- /* */'), ('Zürich, 日本語, العربية, 🐘👩‍👩‍👧'),
    ('   blanks   '),
    (char(13, 10) || 'lines' || char(13)), (char(65279, 1, 127, 1114111)), (CAST(x'610062' AS TEXT)),
    (CAST(x'ff80fe' AS TEXT));
INSERT INTO texts (t) SELECT replace(hex(zeroblob(500000)), '00', 'long' || char(10));
CREATE TABLE blobs (id INTEGER PRIMARY KEY, b BLOB);
INSERT INTO blobs (b) VALUES (x''), (x'00'), (x'000000'), (x'53514c69746520666f726d6174203300'), (zeroblob(100000)),
    (NULL);

-- Constraints

CREATE TABLE parent (
    id INTEGER PRIMARY KEY, code TEXT UNIQUE ON CONFLICT REPLACE COLLATE RTRIM, a INTEGER, b INTEGER DEFAULT (1 + 2),
    note TEXT NOT NULL DEFAULT 'it''s', made TEXT DEFAULT CURRENT_TIMESTAMP, boss INTEGER REFERENCES parent,
    CONSTRAINT "a ""named"" one" CHECK (a > 0 OR a IS NULL), UNIQUE (a, b)
);
CREATE TABLE child (
    id INTEGER PRIMARY KEY DESC, parent INTEGER REFERENCES parent ON DELETE CASCADE ON UPDATE SET NULL DEFERRABLE
    INITIALLY DEFERRED,
    a INTEGER, b INTEGER, FOREIGN KEY (a, b) REFERENCES parent (a, b) MATCH FULL
);
INSERT INTO parent VALUES (1, 'x', 1, 1, 'n', '2020-01-01', NULL), (2, 'y', 2, 2, '', NULL, 1), (3, 'z', NULL, NULL,
    'o', '', 3);
INSERT INTO child VALUES (1, 1, 1, 1), (2, 3, NULL, NULL);

-- Names

CREATE TABLE "quo""ted 'table'" ("select" INTEGER, "a ""column""" TEXT, "new
line" TEXT, "" TEXT, " " TEXT, "größe 🐘" TEXT, "back\slash" TEXT, [brackets] TEXT, `ticks` TEXT);
INSERT INTO "quo""ted 'table'" VALUES (1, '2', '3', '4', '5', '6', '7', '8', '9');
CREATE TABLE "select" ("from" INTEGER PRIMARY KEY);
INSERT INTO "select" VALUES (1);
CREATE TABLE "two
lines; -- and a comment" (a);
INSERT INTO "two
lines; -- and a comment" VALUES ('a');
CREATE TABLE "日本語 🐘" ("ключ" TEXT PRIMARY KEY) WITHOUT ROWID;
INSERT INTO "日本語 🐘" VALUES ('значение');
CREATE TABLE " blanks " (a);

-- Indexes

CREATE INDEX partial ON parent (b DESC) WHERE a IS NOT NULL AND note <> 'it''s';
CREATE UNIQUE INDEX expression ON parent (lower(code) || 'x', abs(id));
CREATE INDEX "collated ""one""" ON texts (length(t), t COLLATE NOCASE DESC) WHERE length(t) < 100;
CREATE INDEX of_json ON affinities (json_extract(j, '$.a')) WHERE json_valid(j);
CREATE INDEX of_generated ON generated (twice);

-- Views and triggers

CREATE VIEW simple (key, "the ""words""") AS SELECT id, t FROM texts WHERE length(t) < 100 -- a comment in a view
;
CREATE VIEW "counted ü" AS
    WITH RECURSIVE steps (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM steps WHERE n < 5)
    SELECT n, sum(n) OVER (ORDER BY n ROWS UNBOUNDED PRECEDING) AS total FROM steps;
CREATE TABLE log (what TEXT, id INTEGER, at INTEGER PRIMARY KEY);
CREATE TRIGGER instead INSTEAD OF INSERT ON simple BEGIN
    INSERT INTO texts (id, t) VALUES (new.key, new."the ""words""");
    INSERT INTO log (what, id) VALUES ('instead; END', new.key);
END;
CREATE TRIGGER instead_delete INSTEAD OF DELETE ON simple BEGIN DELETE FROM texts WHERE id = old.key; END;
CREATE TRIGGER "a ""trigger""" AFTER UPDATE OF a, note ON parent FOR EACH ROW WHEN new.note IS NOT old.note BEGIN
    INSERT INTO log (what, id) SELECT 'was ' || old.note, old.id;
    SELECT CASE WHEN new.note = 'never' THEN RAISE (ABORT, 'it''s never') END;
END;
CREATE TRIGGER before_delete BEFORE DELETE ON child BEGIN SELECT RAISE (IGNORE) WHERE old.id = 99; END;
INSERT INTO simple VALUES (500, 'through the view');
UPDATE parent SET note = 'changed' WHERE id = 2;

-- Full text search with its own rows, with those of another table, and without any; boxes

CREATE VIRTUAL TABLE fts USING fts5 (title, body, hidden UNINDEXED, tokenize = 'porter unicode61 remove_diacritics 2',
    prefix = '2 3');
INSERT INTO fts VALUES ('Running in Zürich', 'it''s a "long" run', 'x'), ('', NULL, ''), ('日本語', 'words
on lines', '🐘');
DELETE FROM fts WHERE rowid = 2;
CREATE VIRTUAL TABLE "fts ""of"" texts" USING fts5 (t, content = 'texts', content_rowid = 'id', tokenize = 'trigram');
CREATE TRIGGER texts_added AFTER INSERT ON texts BEGIN
    INSERT INTO "fts ""of"" texts" (rowid, t) VALUES (new.id, new.t);
END;
INSERT INTO texts (t) VALUES ('found by three letters');
CREATE VIRTUAL TABLE fts_contentless USING fts5 (t, content = '');
INSERT INTO fts_contentless (rowid, t) VALUES (7, 'kept nowhere');
CREATE VIRTUAL TABLE fts_words USING fts5vocab (fts, 'row');
CREATE VIRTUAL TABLE boxes USING rtree (id, x0, x1, y0, y1, +label TEXT);
INSERT INTO boxes VALUES (1, 0, 1.5, -1, 1, 'one'), (2, -3.25, 4, 5, 6, 'it''s two'), (9, 0, 0, 0, 0, NULL);
CREATE VIRTUAL TABLE whole_boxes USING rtree_i32 (id, a, b);
INSERT INTO whole_boxes VALUES (1, -2147483648, 2147483647);

COMMIT;

ANALYZE;
