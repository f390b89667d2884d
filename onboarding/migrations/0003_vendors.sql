-- Vendors differ: one tells a result in its callbacks, another only that there is one; one numbers attempts and versions, another neither.

-- The vendor's name for what it did about one attempt, where it has such a name: it is how callbacks and results find their attempt.
CREATE TABLE examinations (
    verification  TEXT    NOT NULL REFERENCES verifications (id),
    attempt       INTEGER NOT NULL,
    id            TEXT    NOT NULL,
    PRIMARY KEY (verification, attempt)
) STRICT;
CREATE INDEX examinations_by_id ON examinations (id);

-- What a callback is about may be a session or an examination, and what becomes of it may be a question.
CREATE TABLE callbacks_2 (
    webhook_id   TEXT    NOT NULL PRIMARY KEY, -- the vendor's, or a digest of the body where the vendor has none
    subject      TEXT    NOT NULL,
    digest       BLOB    NOT NULL,
    received_at  INTEGER NOT NULL,
    result       TEXT    NOT NULL CHECK (result IN ('applied', 'asked', 'duplicate', 'refused', 'parked')),
    payload      BLOB,
    CHECK ((result = 'parked') = (payload IS NOT NULL))
) STRICT;
INSERT INTO callbacks_2 SELECT webhook_id, session, digest, received_at, result, payload FROM callbacks;
DROP TABLE callbacks;
ALTER TABLE callbacks_2 RENAME TO callbacks;
CREATE INDEX callbacks_parked ON callbacks (subject) WHERE result = 'parked';
CREATE INDEX callbacks_by_age ON callbacks (received_at);
