-- Notes, version 1. Ids are their bytes, instants are milliseconds since 1970, flags are 0 or 1.

-- An author's row outlives the notes: on rung 3 (deleted) it is the tombstone that refuses new ones.
CREATE TABLE author (
    number     INTEGER PRIMARY KEY,            -- leads the numbers of the author's notes
    account    BLOB    NOT NULL UNIQUE CHECK (length(account) = 12),
    generation INTEGER NOT NULL,
    rung       INTEGER NOT NULL,
    epoch      INTEGER NOT NULL,
    serial     INTEGER NOT NULL DEFAULT 0      -- of the newest note; never given twice
               CHECK (serial < 4294967296),
    active     INTEGER NOT NULL DEFAULT 0,     -- how many notes are not archived
    archived   INTEGER NOT NULL DEFAULT 0      -- how many are
) STRICT;

-- Nearly always empty: a start finds interrupted purges without reading every author.
CREATE INDEX author_to_purge ON author (number) WHERE rung = 3 AND active + archived > 0;

-- number = author's number * 2^32 + serial: one author's notes lie together in the file, so a search reads one
-- stretch of it, and an index over these numbers can be asked for one author's range.
CREATE TABLE note (
    number     INTEGER PRIMARY KEY,
    id         BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    author     INTEGER NOT NULL,
    archived   INTEGER NOT NULL,
    pinned     INTEGER NOT NULL,
    updated    INTEGER NOT NULL,
    created    INTEGER NOT NULL,
    title      TEXT    NOT NULL,
    tags       TEXT    NOT NULL,               -- a JSON array of strings, in the author's order
    background TEXT    NOT NULL,
    content    TEXT    NOT NULL
) STRICT;

-- The order of lists.
CREATE INDEX note_in_order ON note (author, archived, pinned DESC, updated DESC, id);

-- The same order within each tag; a note has one row for each different tag.
CREATE TABLE tag (
    author   INTEGER NOT NULL,
    archived INTEGER NOT NULL,
    tag      TEXT    NOT NULL,
    pinned   INTEGER NOT NULL,
    updated  INTEGER NOT NULL,
    id       BLOB    NOT NULL,
    note     INTEGER NOT NULL,
    PRIMARY KEY (author, archived, tag, pinned DESC, updated DESC, id)
) STRICT, WITHOUT ROWID;

-- What changed, in the order of the commits, for whoever derives data from the notes: kind 1 = the note is new or
-- different, 2 = it is gone. Only the newest rows are kept (CHANGES_MAX in store/change.rs), which bounds the
-- table; who is further behind starts again from the notes.
CREATE TABLE change (
    seq  INTEGER PRIMARY KEY,
    note INTEGER NOT NULL,
    kind INTEGER NOT NULL
) STRICT;
