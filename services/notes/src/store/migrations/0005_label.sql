-- Notes, version 5: what an author's notes are called, ready to be told while someone types.

-- How many notes have a tag. The triggers keep it in the write of the tag's rows, so that none can forget it.
CREATE TABLE label (
    author   INTEGER NOT NULL,
    archived INTEGER NOT NULL,
    tag      TEXT    NOT NULL,
    notes    INTEGER NOT NULL,
    PRIMARY KEY (author, archived, tag)
) STRICT, WITHOUT ROWID;

INSERT INTO label (author, archived, tag, notes)
SELECT author, archived, tag, count(*)
FROM tag
GROUP BY author, archived, tag;

CREATE TRIGGER tag_added AFTER INSERT ON tag BEGIN
    INSERT INTO label (author, archived, tag, notes)
    VALUES (new.author, new.archived, new.tag, 1)
    ON CONFLICT (author, archived, tag) DO UPDATE SET notes = notes + 1;
END;

CREATE TRIGGER tag_removed AFTER DELETE ON tag BEGIN
    UPDATE label
    SET notes = notes - 1
    WHERE author = old.author AND archived = old.archived AND tag = old.tag;
    DELETE FROM label
    WHERE author = old.author AND archived = old.archived AND tag = old.tag AND notes = 0;
END;

-- The titles without the contents: a hundred pages instead of three thousand for an author of 10,000 notes.
CREATE INDEX note_by_title ON note (author, archived, title);
