-- The orders of lists. Each index has the columns of the other filters, so that a walk along it reads no row that does
-- not match.
CREATE INDEX by_created ON tasks (created_at, sequence, status, reason, model, backend, owner);
CREATE INDEX by_ended ON tasks (ended_at, sequence, created_at, status, reason, model, backend, owner)
WHERE ended_at IS NOT NULL;
CREATE INDEX by_seconds ON tasks (seconds, sequence, created_at, status, reason, model, backend, owner)
WHERE seconds IS NOT NULL;
CREATE INDEX by_steps ON tasks (steps, sequence, created_at, status, reason, model, backend, owner);
CREATE INDEX by_cost ON tasks (cost, sequence, created_at, status, reason, model, backend, owner)
WHERE currency IS NOT NULL;
CREATE INDEX unpriced ON tasks (sequence, created_at, status, reason, model, backend, owner)
WHERE currency IS NULL;
CREATE INDEX live ON tasks (sequence)
WHERE ended_at IS NULL;

-- The filters, for those that few tasks meet.
CREATE INDEX of_status ON tasks (status);
CREATE INDEX of_reason ON tasks (reason)
WHERE reason IS NOT NULL;
CREATE INDEX of_model ON tasks (model);
CREATE INDEX of_backend ON tasks (backend);
CREATE INDEX of_owner ON tasks (owner);

-- Texts of at least three characters. Instructions get into it many at once, up to the last one that `indexed` names.
CREATE VIRTUAL TABLE search USING fts5 (
    folded,
    content = 'texts', content_rowid = 'sequence', detail = 'none', columnsize = 0,
    tokenize = 'trigram case_sensitive 1'
);
CREATE TABLE indexed (sequence INTEGER NOT NULL);
INSERT INTO indexed (sequence) VALUES (0);
