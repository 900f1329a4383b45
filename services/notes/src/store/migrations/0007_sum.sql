-- Notes, version 7: a note's row can be held against what was written.

-- The checksum of everything in the row but its number (store/checksum.rs, which also fills it in for the notes that
-- are there).
ALTER TABLE note ADD COLUMN sum INTEGER NOT NULL DEFAULT 0;

-- One row: how many commits there were, to be held against the file beside the database (store/past.rs).
CREATE TABLE history (
    commits INTEGER NOT NULL
) STRICT;
INSERT INTO history (commits) VALUES (0);
