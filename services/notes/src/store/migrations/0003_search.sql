-- Notes, version 3: what the literal search needs to know of an author.

-- Bytes of the titles and contents: which plan answers depends on it.
ALTER TABLE author ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
-- The author's newest row in the log of changes: a copy of the notes that has it is up to date.
ALTER TABLE author ADD COLUMN changed INTEGER NOT NULL DEFAULT 0;

UPDATE author
SET bytes = (
    SELECT coalesce(sum(octet_length(title) + octet_length(content)), 0)
    FROM note
    WHERE note.author = author.number
);
