-- What changes while a task runs is in a small row of its own, so that a change writes little.
CREATE TABLE tasks (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT, -- the order of creation; none is used again
    task_id TEXT NOT NULL UNIQUE,
    attempt INTEGER NOT NULL,
    owner TEXT NOT NULL,
    status TEXT NOT NULL,
    reason TEXT,
    model TEXT NOT NULL,
    backend TEXT NOT NULL,
    instruction TEXT NOT NULL, -- its beginning
    message TEXT NOT NULL DEFAULT '',
    created_at REAL NOT NULL,
    started_at REAL,
    ended_at REAL,
    seconds REAL, -- of execution; set at the end
    steps INTEGER NOT NULL DEFAULT 0,
    input_tokens INTEGER NOT NULL DEFAULT 0,
    output_tokens INTEGER NOT NULL DEFAULT 0,
    cost TEXT NOT NULL, -- exact, and sorts as the amounts do
    currency TEXT, -- unknown cost: NULL
    sandbox TEXT,
    keys_forgotten INTEGER NOT NULL
);

CREATE TABLE requests (
    sequence INTEGER PRIMARY KEY,
    spec TEXT NOT NULL
);

CREATE TABLE texts (
    sequence INTEGER PRIMARY KEY,
    folded TEXT NOT NULL -- what is searched of the instruction
);

CREATE TABLE outcomes (
    sequence INTEGER PRIMARY KEY,
    result TEXT NOT NULL,
    history TEXT
);

CREATE TABLE messages (
    sequence INTEGER NOT NULL,
    position INTEGER NOT NULL,
    stage TEXT NOT NULL,
    text TEXT NOT NULL,
    published_at REAL NOT NULL,
    PRIMARY KEY (sequence, position)
) WITHOUT ROWID;

CREATE TABLE steps (
    sequence INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    position INTEGER NOT NULL,
    recorded_at REAL NOT NULL,
    step TEXT NOT NULL,
    PRIMARY KEY (sequence, attempt, position)
) WITHOUT ROWID;

CREATE TABLE spent (
    day INTEGER NOT NULL,
    owner TEXT NOT NULL, -- the service as a whole: ''
    currency TEXT NOT NULL,
    amount TEXT NOT NULL,
    PRIMARY KEY (day, owner, currency)
) WITHOUT ROWID;
