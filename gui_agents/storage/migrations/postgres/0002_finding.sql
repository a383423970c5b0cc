-- The orders of lists; that of amounts and seconds also for bounds of them.
CREATE INDEX by_created ON tasks (created_at, sequence);
CREATE INDEX by_ended ON tasks (ended_at, sequence) WHERE ended_at IS NOT NULL;
CREATE INDEX by_seconds ON tasks (seconds, sequence) WHERE seconds IS NOT NULL;
CREATE INDEX by_steps ON tasks (steps, sequence);
CREATE INDEX by_cost ON tasks (cost, sequence) WHERE currency IS NOT NULL;
CREATE INDEX unpriced ON tasks (sequence) WHERE currency IS NULL;
CREATE INDEX live ON tasks (sequence) WHERE ended_at IS NULL;

-- The filters, in the usual order of a list.
CREATE INDEX of_status ON tasks (status, created_at, sequence);
CREATE INDEX of_reason ON tasks (reason, created_at, sequence) WHERE reason IS NOT NULL;
CREATE INDEX of_model ON tasks (model, created_at, sequence);
CREATE INDEX of_backend ON tasks (backend, created_at, sequence);
CREATE INDEX of_owner ON tasks (owner, created_at, sequence);
