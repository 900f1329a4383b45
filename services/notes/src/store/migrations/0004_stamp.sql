-- Notes, version 4: a change cannot be taken for another one with its number.

-- A random number. When an older copy of this file was put back and written to, the sequence numbers are used again
-- and the stamps are not: whoever derived data from the first history sees that it is not this one.
ALTER TABLE change ADD COLUMN stamp INTEGER NOT NULL DEFAULT 0;

-- From now on kind 1 is a new note only, and 3 one that is different.
