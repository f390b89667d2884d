-- Everything the backend knows. Times are microseconds since 1970; words are checked here as well as in the program.

CREATE TABLE accounts (
    id              TEXT    NOT NULL PRIMARY KEY,
    idempotency     BLOB    NOT NULL UNIQUE, -- SHA-256 of the key: whoever has the key is given a token
    request_digest  BLOB    NOT NULL,
    reference       TEXT    NOT NULL,
    email           TEXT    NOT NULL,
    country         TEXT    NOT NULL,
    created_at      INTEGER NOT NULL
) STRICT;

-- Account tokens and capture tokens alike; the subject's prefix says which.
CREATE TABLE tokens (
    hash        BLOB    NOT NULL PRIMARY KEY,
    subject     TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    expires_at  INTEGER
) STRICT;
CREATE INDEX tokens_by_subject ON tokens (subject, created_at);
CREATE INDEX tokens_by_expiry ON tokens (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE consents (
    id                   INTEGER NOT NULL PRIMARY KEY,
    account              TEXT    NOT NULL REFERENCES accounts (id),
    policy_version_hash  TEXT    NOT NULL,
    locale               TEXT    NOT NULL,
    scopes               TEXT    NOT NULL, -- words, separated by a space
    given_at             INTEGER NOT NULL
) STRICT;
CREATE INDEX consents_by_account ON consents (account, policy_version_hash);

CREATE TABLE verifications (
    id                  TEXT    NOT NULL PRIMARY KEY,
    account             TEXT    NOT NULL REFERENCES accounts (id),
    idempotency         BLOB    NOT NULL,
    country             TEXT    NOT NULL,
    document_type       TEXT    NOT NULL,
    status              TEXT    NOT NULL CHECK (status IN ('initiated', 'capture_in_progress', 'submitted', 'pending_review',
                                                           'needs_resubmission', 'approved', 'rejected', 'expired')),
    attempt             INTEGER NOT NULL CHECK (attempt >= 1),
    reason              TEXT,
    session             TEXT    UNIQUE,
    session_version     INTEGER NOT NULL DEFAULT 0,
    vendor_accepted_at  INTEGER, -- when the vendor had everything of this attempt
    reconcile_at        INTEGER,
    reconcile_tries     INTEGER NOT NULL DEFAULT 0,
    expires_at          INTEGER NOT NULL,
    created_at          INTEGER NOT NULL,
    updated_at          INTEGER NOT NULL,
    UNIQUE (account, idempotency)
) STRICT;
CREATE UNIQUE INDEX one_open_verification ON verifications (account) WHERE status NOT IN ('approved', 'rejected', 'expired');
CREATE INDEX verifications_by_status ON verifications (status);
CREATE INDEX verifications_to_reconcile ON verifications (reconcile_at) WHERE status = 'submitted' AND reconcile_at IS NOT NULL;
CREATE INDEX verifications_to_expire ON verifications (expires_at)
    WHERE status IN ('initiated', 'capture_in_progress', 'needs_resubmission');

-- The legal moves, a second time: a bug in the program is stopped here. A test compares the two.
CREATE TABLE legal_moves (
    before  TEXT NOT NULL,
    after   TEXT NOT NULL,
    PRIMARY KEY (before, after)
) STRICT, WITHOUT ROWID;
INSERT INTO legal_moves (before, after) VALUES
    ('initiated', 'capture_in_progress'), ('initiated', 'expired'),
    ('capture_in_progress', 'submitted'), ('capture_in_progress', 'expired'),
    ('submitted', 'approved'), ('submitted', 'rejected'), ('submitted', 'pending_review'),
    ('submitted', 'needs_resubmission'), ('submitted', 'expired'),
    ('pending_review', 'approved'), ('pending_review', 'rejected'),
    ('needs_resubmission', 'capture_in_progress'), ('needs_resubmission', 'expired');
CREATE TRIGGER verifications_move_legally BEFORE UPDATE OF status ON verifications
WHEN OLD.status <> NEW.status
    AND NOT EXISTS (SELECT 1 FROM legal_moves WHERE before = OLD.status AND after = NEW.status)
BEGIN
    SELECT RAISE(ABORT, 'a verification may not move between these two states');
END;

-- Time in state, written by the database so that no code path can forget it.
CREATE TABLE transitions (
    id            INTEGER NOT NULL PRIMARY KEY,
    verification  TEXT    NOT NULL REFERENCES verifications (id),
    before        TEXT,
    after         TEXT    NOT NULL,
    attempt       INTEGER NOT NULL,
    at            INTEGER NOT NULL
) STRICT;
CREATE INDEX transitions_by_verification ON transitions (verification, id);
CREATE TRIGGER verifications_begin AFTER INSERT ON verifications
BEGIN
    INSERT INTO transitions (verification, before, after, attempt, at)
    VALUES (NEW.id, NULL, NEW.status, NEW.attempt, NEW.created_at);
END;
CREATE TRIGGER verifications_moved AFTER UPDATE OF status ON verifications
WHEN OLD.status <> NEW.status
BEGIN
    INSERT INTO transitions (verification, before, after, attempt, at)
    VALUES (NEW.id, OLD.status, NEW.status, NEW.attempt, NEW.updated_at);
END;

-- Images, only until the vendor has them.
CREATE TABLE evidence (
    verification  TEXT NOT NULL REFERENCES verifications (id),
    kind          TEXT NOT NULL CHECK (kind IN ('document', 'selfie')),
    bytes         BLOB NOT NULL,
    PRIMARY KEY (verification, kind)
) STRICT;

-- What the vendor must still be told. Of each verification's rows only the first has a due time; the others wait for it.
CREATE TABLE outbox (
    id            INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    verification  TEXT    NOT NULL REFERENCES verifications (id),
    attempt       INTEGER NOT NULL,
    step          TEXT    NOT NULL CHECK (step IN ('create_session', 'upload_document', 'upload_selfie', 'submit')),
    tries         INTEGER NOT NULL DEFAULT 0,
    due_at        INTEGER,
    created_at    INTEGER NOT NULL,
    correlation   TEXT    NOT NULL,
    UNIQUE (verification, attempt, step)
) STRICT;
CREATE INDEX outbox_by_due ON outbox (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX outbox_by_age ON outbox (created_at);

-- One row for each event of the vendor's, under the vendor's own id. The payload stays only while it is parked.
CREATE TABLE callbacks (
    webhook_id   TEXT    NOT NULL PRIMARY KEY,
    session      TEXT    NOT NULL,
    digest       BLOB    NOT NULL,
    received_at  INTEGER NOT NULL,
    result       TEXT    NOT NULL CHECK (result IN ('applied', 'duplicate', 'refused', 'parked')),
    payload      BLOB,
    CHECK ((result = 'parked') = (payload IS NOT NULL))
) STRICT;
CREATE INDEX callbacks_parked ON callbacks (session) WHERE result = 'parked';
CREATE INDEX callbacks_by_age ON callbacks (received_at);

-- One decision for each attempt: the primary key is what makes a doubled effect impossible.
CREATE TABLE decisions (
    verification  TEXT    NOT NULL REFERENCES verifications (id),
    attempt       INTEGER NOT NULL,
    source        TEXT    NOT NULL CHECK (source IN ('callback', 'reconciliation', 'policy')),
    outcome       TEXT, -- the vendor's word; null when our own policy decided
    reasons       TEXT    NOT NULL, -- words, sorted, separated by a space
    status        TEXT    NOT NULL,
    applied_at    INTEGER NOT NULL,
    PRIMARY KEY (verification, attempt)
) STRICT;

CREATE TABLE reviews (
    id            TEXT    NOT NULL PRIMARY KEY,
    verification  TEXT    NOT NULL REFERENCES verifications (id),
    attempt       INTEGER NOT NULL,
    reason        TEXT    NOT NULL,
    risk          INTEGER NOT NULL CHECK (risk BETWEEN 1 AND 3),
    status        TEXT    NOT NULL CHECK (status IN ('waiting', 'claimed', 'decided')),
    reviewer      TEXT,
    lease_until   INTEGER,
    decision      TEXT    CHECK (decision IN ('approve', 'reject')),
    note          TEXT,
    opened_at     INTEGER NOT NULL,
    decided_at    INTEGER,
    UNIQUE (verification, attempt),
    CHECK ((status = 'waiting') = (reviewer IS NULL)),
    CHECK ((status = 'decided') = (decision IS NOT NULL))
) STRICT;
CREATE INDEX reviews_by_age ON reviews (opened_at, id) WHERE status <> 'decided';
CREATE INDEX reviews_by_risk ON reviews (risk DESC, opened_at, id) WHERE status <> 'decided';

-- The applicant's inbox: what the app shows, and what a mailer would send from. Never the same news twice.
CREATE TABLE notices (
    id            INTEGER NOT NULL PRIMARY KEY,
    account       TEXT    NOT NULL REFERENCES accounts (id),
    verification  TEXT    NOT NULL REFERENCES verifications (id),
    attempt       INTEGER NOT NULL,
    status        TEXT    NOT NULL,
    created_at    INTEGER NOT NULL,
    UNIQUE (verification, attempt, status)
) STRICT;

-- What happened, for good. No personal data: ids, words and times only.
CREATE TABLE audit (
    seq           INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    at            INTEGER NOT NULL,
    kind          TEXT    NOT NULL,
    account       TEXT    NOT NULL,
    verification  TEXT,
    attempt       INTEGER,
    status        TEXT,
    correlation   TEXT    NOT NULL,
    details       TEXT    NOT NULL -- a JSON object
) STRICT;
CREATE INDEX audit_by_verification ON audit (verification, seq);
CREATE INDEX audit_by_account ON audit (account, seq) WHERE verification IS NULL;
CREATE UNIQUE INDEX audit_one_decision ON audit (verification, attempt) WHERE kind = 'decision_applied';
CREATE UNIQUE INDEX audit_one_notice ON audit (verification, attempt, status) WHERE kind = 'applicant_notified';
CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
CREATE TRIGGER audit_is_never_shortened BEFORE DELETE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
