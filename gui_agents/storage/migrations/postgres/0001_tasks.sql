-- What changes while a task runs is in a small row of its own, so that a change writes little. Texts that are compared
-- have the collation "C": an index with another one can be wrong after an upgrade of the operating system.
CREATE TABLE tasks (
    sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    task_id text COLLATE "C" NOT NULL UNIQUE,
    attempt bigint NOT NULL,
    owner text COLLATE "C" NOT NULL,
    status text COLLATE "C" NOT NULL,
    reason text COLLATE "C",
    model text COLLATE "C" NOT NULL,
    backend text COLLATE "C" NOT NULL,
    instruction text NOT NULL, -- its beginning
    message text NOT NULL DEFAULT '',
    created_at double precision NOT NULL,
    started_at double precision,
    ended_at double precision,
    seconds double precision, -- of execution; set at the end
    steps bigint NOT NULL DEFAULT 0,
    input_tokens bigint NOT NULL DEFAULT 0,
    output_tokens bigint NOT NULL DEFAULT 0,
    cost numeric NOT NULL,
    currency text COLLATE "C", -- unknown cost: NULL
    sandbox text,
    keys_forgotten bigint NOT NULL
);

CREATE TABLE requests (
    sequence bigint PRIMARY KEY,
    spec text NOT NULL
);

CREATE TABLE texts (
    sequence bigint PRIMARY KEY,
    folded text COLLATE "C" NOT NULL -- what is searched of the instruction
);

CREATE TABLE outcomes (
    sequence bigint PRIMARY KEY,
    result text NOT NULL,
    history text
);

CREATE TABLE messages (
    sequence bigint NOT NULL,
    position bigint NOT NULL,
    stage text NOT NULL,
    text text NOT NULL,
    published_at double precision NOT NULL,
    PRIMARY KEY (sequence, position)
);

CREATE TABLE steps (
    sequence bigint NOT NULL,
    attempt bigint NOT NULL,
    position bigint NOT NULL,
    recorded_at double precision NOT NULL,
    step text NOT NULL,
    PRIMARY KEY (sequence, attempt, position)
);

CREATE TABLE spent (
    day bigint NOT NULL,
    owner text COLLATE "C" NOT NULL, -- the service as a whole: ''
    currency text COLLATE "C" NOT NULL,
    amount numeric NOT NULL,
    PRIMARY KEY (day, owner, currency)
);

-- How many services have had this database, one after the other.
CREATE TABLE takeover (number bigint NOT NULL);
INSERT INTO takeover (number) VALUES (0);
