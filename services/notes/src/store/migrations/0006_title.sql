-- Notes, version 6: titles are read from the index of lists.

-- One place in the file to write instead of two: an index of its own took a page more of every new note, and a fifth
-- of the rate at which notes are made.
DROP INDEX note_by_title;
DROP INDEX note_in_order;
CREATE INDEX note_in_order ON note (author, archived, pinned DESC, updated DESC, id, title);
