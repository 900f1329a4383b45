-- Notes, version 3: what the literal search needs to know of an author.

-- What a copy of the notes in memory takes: titles, contents, and 80 for each note (CORPUS_NOTE_BYTES in
-- store/change.rs). Which plan answers depends on it.
ALTER TABLE author ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
-- The author's newest row in the log of changes: a copy of the notes that has it is up to date.
ALTER TABLE author ADD COLUMN changed INTEGER NOT NULL DEFAULT 0;
-- The author's notes with serials up to this one have their row in gram, others do not.
ALTER TABLE author ADD COLUMN filled INTEGER NOT NULL DEFAULT 0;

UPDATE author
SET bytes = (
    SELECT coalesce(sum(octet_length(title) + octet_length(content) + 80), 0)
    FROM note
    WHERE note.author = author.number
);

-- For authors whose notes are too many to be kept in memory: the trigrams of each note's folded title and content,
-- under the note's number, so that a range of rowids is one author. It tells which notes may hold a text; those are
-- then read.
CREATE VIRTUAL TABLE gram USING fts5 (
    text,
    content = '',
    contentless_delete = 1,
    detail = none,
    tokenize = 'trigram case_sensitive 1'
);

-- A start finds what is not over without reading every author: purges, whose trigrams go last, and authors whose
-- trigrams may have to be filled or emptied.
DROP INDEX author_to_purge;
CREATE INDEX author_to_purge ON author (number) WHERE rung = 3 AND active + archived + filled > 0;
CREATE INDEX author_large ON author (number) WHERE bytes > 8388608;
CREATE INDEX author_filled ON author (number) WHERE filled > 0;
