-- +goose Up
CREATE TABLE generation_batches (
    id         text PRIMARY KEY,
    team_id    text NOT NULL,
    actor_id   text NOT NULL,
    operation  text NOT NULL,
    total      integer NOT NULL CHECK (total > 0),
    created_at timestamptz NOT NULL
);

CREATE TABLE generations (
    id           text PRIMARY KEY,
    team_id      text NOT NULL,
    batch_id     text REFERENCES generation_batches,
    product_id   text NOT NULL,
    product_name text NOT NULL,
    actor_id     text NOT NULL,
    operation    text NOT NULL CHECK (operation IN ('GENERATE_TEXTS', 'SEARCH_IMAGES', 'SEARCH_PRICES', 'GENERATE_ALL')),
    status       text NOT NULL CHECK (status IN ('QUEUED', 'RUNNING', 'SUCCEEDED', 'PARTIALLY_SUCCEEDED', 'FAILED', 'CANCELLED')),
    language     text NOT NULL DEFAULT '',
    tone         text NOT NULL DEFAULT '',
    instructions text NOT NULL DEFAULT '',
    outline      text NOT NULL DEFAULT '',
    attempts     integer NOT NULL DEFAULT 0,
    lease_holder text,
    lease_until  timestamptz,
    started_at   timestamptz,
    created_at   timestamptz NOT NULL,
    finished_at  timestamptz,
    CHECK ((finished_at IS NOT NULL) = (status NOT IN ('QUEUED', 'RUNNING'))),
    CHECK ((status = 'RUNNING') = (lease_holder IS NOT NULL AND lease_until IS NOT NULL))
) WITH (fillfactor = 70);
CREATE INDEX generations_team ON generations (team_id, id);
CREATE INDEX generations_product ON generations (product_id, id);
CREATE INDEX generations_batch ON generations (batch_id, id) WHERE batch_id IS NOT NULL;
CREATE INDEX generations_unfinished ON generations (id) WHERE finished_at IS NULL;

CREATE TABLE generation_parts (
    generation_id text NOT NULL REFERENCES generations,
    part          text NOT NULL CHECK (part IN ('SHORT_DESCRIPTION', 'LONG_DESCRIPTION', 'IMAGES', 'PRICES')),
    team_id       text NOT NULL,
    product_id    text NOT NULL,
    status        text NOT NULL CHECK (status IN ('QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELLED')),
    tokens        bigint NOT NULL CHECK (tokens > 0),
    attempts      integer NOT NULL DEFAULT 0,
    provider      text,
    text          text,
    failure       text CHECK (failure IN ('NOTHING_FOUND', 'PROVIDER_DOWN', 'TIMED_OUT', 'REFUSED', 'CANCELLED', 'INTERRUPTED')),
    model         text,
    input_tokens  integer,
    output_tokens integer,
    finished_at   timestamptz,
    PRIMARY KEY (generation_id, part),
    CHECK ((finished_at IS NOT NULL) = (status NOT IN ('QUEUED', 'RUNNING'))),
    CHECK ((failure IS NOT NULL) = (status IN ('FAILED', 'CANCELLED'))),
    CHECK (status <> 'SUCCEEDED' OR provider IS NOT NULL)
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX generation_parts_one_at_a_time ON generation_parts (product_id, part)
    WHERE status IN ('QUEUED', 'RUNNING');

-- +goose Down
DROP TABLE generation_parts, generations, generation_batches;
