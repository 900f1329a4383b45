-- Notes, version 2: the messages of other services that were heard.

-- One row for each message that came with a key, written in the commit of its effect; old ones go as new ones come
-- (store/inbox.rs).
CREATE TABLE inbox (
    key    TEXT    PRIMARY KEY,
    digest TEXT    NOT NULL,                   -- of the message: the key stands for no other
    at     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The oldest first, for those that go.
CREATE INDEX inbox_by_age ON inbox (at);
