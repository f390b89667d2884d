-- A vendor may change a decision: a name turns up on a list, a doubt is cleared. And what was answered with success may be lost all the same.

-- How often the vendor's decision has been changed: what follows from a change has its number, and happens once.
ALTER TABLE verifications ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;
-- The newest version of the session that somebody has told us of: an answer that is older does not settle the question.
ALTER TABLE verifications ADD COLUMN reconcile_version INTEGER NOT NULL DEFAULT 0;

-- Whoever is decided may be asked about again, so the question ends with the decision, and not with the status.
UPDATE verifications SET reconcile_at = NULL, reconcile_tries = 0 WHERE status <> 'submitted';
DROP INDEX verifications_to_reconcile;
CREATE INDEX verifications_to_reconcile ON verifications (reconcile_at) WHERE reconcile_at IS NOT NULL;

-- A verification that a change opens again was there first: it does not stand in the way of a newer one.
DROP INDEX one_open_verification;
CREATE UNIQUE INDEX one_open_verification ON verifications (account)
    WHERE status NOT IN ('approved', 'rejected', 'expired') AND revision = 0;

-- The moves that need a change of the vendor's decision.
CREATE TABLE legal_changes (
    before  TEXT NOT NULL,
    after   TEXT NOT NULL,
    PRIMARY KEY (before, after)
) STRICT, WITHOUT ROWID;
INSERT INTO legal_changes (before, after) VALUES
    ('approved', 'pending_review'), ('approved', 'rejected'),
    ('rejected', 'pending_review'), ('rejected', 'approved'),
    ('pending_review', 'approved'), ('pending_review', 'rejected');
DROP TRIGGER verifications_move_legally;
CREATE TRIGGER verifications_move_legally BEFORE UPDATE OF status ON verifications
WHEN OLD.status <> NEW.status
    AND NOT EXISTS (SELECT 1 FROM legal_moves WHERE before = OLD.status AND after = NEW.status)
    AND NOT (NEW.revision = OLD.revision + 1
        AND EXISTS (SELECT 1 FROM legal_changes WHERE before = OLD.status AND after = NEW.status))
BEGIN
    SELECT RAISE(ABORT, 'a verification may not move between these two states');
END;

-- One decision for each attempt and each change of it: the primary key is what makes a doubled effect impossible.
CREATE TABLE decisions_2 (
    verification  TEXT    NOT NULL REFERENCES verifications (id),
    attempt       INTEGER NOT NULL,
    revision      INTEGER NOT NULL,
    source        TEXT    NOT NULL CHECK (source IN ('callback', 'reconciliation', 'policy')),
    outcome       TEXT, -- the vendor's word; null when our own policy decided
    reasons       TEXT    NOT NULL, -- words, sorted, separated by a space
    status        TEXT    NOT NULL,
    applied_at    INTEGER NOT NULL,
    PRIMARY KEY (verification, attempt, revision)
) STRICT;
INSERT INTO decisions_2 SELECT verification, attempt, 0, source, outcome, reasons, status, applied_at FROM decisions;
DROP TABLE decisions;
ALTER TABLE decisions_2 RENAME TO decisions;

-- A case is withdrawn when the vendor's change makes it needless.
CREATE TABLE reviews_2 (
    id            TEXT    NOT NULL PRIMARY KEY,
    verification  TEXT    NOT NULL REFERENCES verifications (id),
    attempt       INTEGER NOT NULL,
    revision      INTEGER NOT NULL,
    reason        TEXT    NOT NULL,
    risk          INTEGER NOT NULL CHECK (risk BETWEEN 1 AND 3),
    status        TEXT    NOT NULL CHECK (status IN ('waiting', 'claimed', 'decided', 'withdrawn')),
    reviewer      TEXT,
    lease_until   INTEGER,
    decision      TEXT    CHECK (decision IN ('approve', 'reject')),
    note          TEXT,
    opened_at     INTEGER NOT NULL,
    decided_at    INTEGER,
    UNIQUE (verification, attempt, revision),
    CHECK (status <> 'waiting' OR reviewer IS NULL),
    CHECK (status NOT IN ('claimed', 'decided') OR reviewer IS NOT NULL),
    CHECK ((status = 'decided') = (decision IS NOT NULL))
) STRICT;
INSERT INTO reviews_2
    SELECT id, verification, attempt, 0, reason, risk, status, reviewer, lease_until, decision, note, opened_at, decided_at FROM reviews;
DROP TABLE reviews;
ALTER TABLE reviews_2 RENAME TO reviews;
CREATE INDEX reviews_by_age ON reviews (opened_at, id) WHERE status IN ('waiting', 'claimed');
CREATE INDEX reviews_by_risk ON reviews (risk DESC, opened_at, id) WHERE status IN ('waiting', 'claimed');

-- Never the same news twice; after a change, it is other news.
CREATE TABLE notices_2 (
    id            INTEGER NOT NULL PRIMARY KEY,
    account       TEXT    NOT NULL REFERENCES accounts (id),
    verification  TEXT    NOT NULL REFERENCES verifications (id),
    attempt       INTEGER NOT NULL,
    revision      INTEGER NOT NULL,
    status        TEXT    NOT NULL,
    created_at    INTEGER NOT NULL,
    UNIQUE (verification, attempt, revision, status)
) STRICT;
INSERT INTO notices_2 SELECT id, account, verification, attempt, 0, status, created_at FROM notices;
DROP TABLE notices;
ALTER TABLE notices_2 RENAME TO notices;

ALTER TABLE audit ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;
DROP INDEX audit_one_notice;
CREATE UNIQUE INDEX audit_one_notice ON audit (verification, attempt, revision, status) WHERE kind = 'applicant_notified';
CREATE UNIQUE INDEX audit_one_change ON audit (verification, attempt, revision) WHERE kind = 'decision_revised';

-- How often everything had to be told anew: the vendor remembers its answer to a key, so another round has other keys.
ALTER TABLE outbox ADD COLUMN round INTEGER NOT NULL DEFAULT 0;
