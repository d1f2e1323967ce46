-- +goose Up
CREATE TABLE balances (
    team_id                text PRIMARY KEY REFERENCES teams DEFERRABLE INITIALLY DEFERRED,
    version                bigint NOT NULL DEFAULT 0 CHECK (version >= 0),
    available              bigint NOT NULL DEFAULT 0 CHECK (available >= 0),
    reserved               bigint NOT NULL DEFAULT 0 CHECK (reserved >= 0),
    debt                   bigint NOT NULL DEFAULT 0 CHECK (debt >= 0),
    unlimited              boolean NOT NULL DEFAULT false,
    custom_daily_limit     bigint CHECK (custom_daily_limit >= 0),
    custom_daily_unlimited boolean NOT NULL DEFAULT false,
    own_daily_limit        bigint CHECK (own_daily_limit >= 0),
    low_balance_threshold  bigint NOT NULL DEFAULT 130 CHECK (low_balance_threshold >= 0),
    time_zone              text NOT NULL DEFAULT 'UTC',
    day                    date NOT NULL,
    used                   bigint NOT NULL DEFAULT 0 CHECK (used >= 0),
    sequence               bigint NOT NULL DEFAULT 0 CHECK (sequence >= 0),
    last_entry_at          timestamptz NOT NULL,
    updated_at             timestamptz NOT NULL,
    CHECK (debt = 0 OR available = 0),
    CHECK (version >= 0 AND NOT (custom_daily_unlimited AND custom_daily_limit IS NOT NULL))
) WITH (fillfactor = 50);

CREATE TABLE grants (
    id         text PRIMARY KEY,
    team_id    text NOT NULL REFERENCES teams,
    source     text NOT NULL CHECK (source IN ('PURCHASE', 'GIFT', 'REFERRAL', 'EVENT', 'ADJUSTMENT')),
    tokens     bigint NOT NULL CHECK (tokens > 0),
    remaining  bigint NOT NULL CHECK (remaining >= 0),
    held       bigint NOT NULL DEFAULT 0 CHECK (held >= 0),
    consumed   bigint NOT NULL DEFAULT 0 CHECK (consumed >= 0),
    expired    bigint NOT NULL DEFAULT 0 CHECK (expired >= 0),
    revoked    bigint NOT NULL DEFAULT 0 CHECK (revoked >= 0),
    paid_debt  bigint NOT NULL DEFAULT 0 CHECK (paid_debt >= 0),
    expires_at timestamptz,
    note       text,
    effect_key text UNIQUE,
    created_by text REFERENCES users,
    created_at timestamptz NOT NULL,
    CHECK (tokens = remaining + held + consumed + expired + revoked + paid_debt)
) WITH (fillfactor = 50);
CREATE INDEX grants_team ON grants (team_id, id);
CREATE INDEX grants_live ON grants (team_id) WHERE remaining > 0;

CREATE TABLE ledger_entries (
    id              text NOT NULL UNIQUE,
    team_id         text NOT NULL,
    sequence        bigint NOT NULL CHECK (sequence > 0),
    balance_version bigint NOT NULL,
    kind            text NOT NULL CHECK (kind IN ('GRANT', 'RESERVE', 'CAPTURE', 'RELEASE', 'EXPIRE')),
    amount          bigint NOT NULL CHECK (amount >= 0),
    tokens          bigint NOT NULL,
    balance_after   bigint NOT NULL CHECK (balance_after >= 0),
    operation       text,
    part            text,
    actor_id        text,
    generation_id   text,
    grant_id        text,
    draws           jsonb NOT NULL DEFAULT '[]',
    debt            bigint NOT NULL DEFAULT 0,
    day             date NOT NULL,
    usage           bigint NOT NULL DEFAULT 0,
    note            text,
    occurred_at     timestamptz NOT NULL,
    PRIMARY KEY (team_id, sequence)
);
CREATE UNIQUE INDEX ledger_entries_settled_once ON ledger_entries (generation_id, part)
    WHERE kind IN ('CAPTURE', 'RELEASE');

-- A line that was posted stays as it is: the ledger is the record that everything else can be checked against.
-- +goose StatementBegin
CREATE FUNCTION refuse_ledger_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'ledger entries are never updated or deleted' USING ERRCODE = 'restrict_violation';
END $$;
-- +goose StatementEnd
CREATE TRIGGER ledger_entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entries
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_ledger_change();

CREATE TABLE reservations (
    generation_id text PRIMARY KEY,
    team_id       text NOT NULL,
    actor_id      text NOT NULL,
    operation     text NOT NULL,
    day           date NOT NULL,
    unlimited     boolean NOT NULL,
    tokens        bigint NOT NULL CHECK (tokens > 0),
    captured      bigint NOT NULL DEFAULT 0 CHECK (captured >= 0),
    released      bigint NOT NULL DEFAULT 0 CHECK (released >= 0),
    parts         jsonb NOT NULL,
    created_at    timestamptz NOT NULL,
    finished_at   timestamptz,
    CHECK (captured + released <= tokens),
    CHECK ((finished_at IS NOT NULL) = (captured + released = tokens))
) WITH (fillfactor = 70);
CREATE INDEX reservations_open ON reservations (team_id) WHERE finished_at IS NULL;

CREATE TABLE member_usage (
    team_id text NOT NULL,
    user_id text NOT NULL,
    day     date NOT NULL,
    used    bigint NOT NULL CHECK (used >= 0),
    PRIMARY KEY (team_id, user_id, day)
) WITH (fillfactor = 50);

CREATE TABLE idempotency_keys (
    caller_id  text NOT NULL,
    team_id    text NOT NULL,
    key        text NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
    mutation   text NOT NULL,
    input_hash bytea NOT NULL,
    subject    text,
    refusal    jsonb,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (caller_id, team_id, key),
    CHECK ((subject IS NULL) <> (refusal IS NULL))
);
CREATE INDEX idempotency_keys_refused ON idempotency_keys (created_at) WHERE refusal IS NOT NULL;

-- +goose Down
DROP TABLE idempotency_keys, member_usage, reservations, ledger_entries, grants, balances;
DROP FUNCTION refuse_ledger_change;
