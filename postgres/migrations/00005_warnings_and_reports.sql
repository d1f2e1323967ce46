-- +goose Up
ALTER TABLE balances
    ADD pending_time_zone    text,
    ADD pending_time_zone_at timestamptz,
    ADD pending_last_day     date,
    ADD time_zone_changed_at timestamptz,
    ADD limit_reached_on     date,
    ADD balance_empty_on     date,
    ADD warnings             bigint NOT NULL DEFAULT 0 CHECK (warnings >= 0),
    ADD CHECK ((pending_time_zone IS NULL) = (pending_time_zone_at IS NULL)
        AND (pending_time_zone IS NULL) = (pending_last_day IS NULL));

CREATE TABLE alert_rules (
    id             text PRIMARY KEY,
    team_id        text NOT NULL REFERENCES teams DEFERRABLE INITIALLY DEFERRED,
    metric         text NOT NULL
        CHECK (metric IN ('DAILY_LIMIT_PERCENT_USED', 'AVAILABLE_TOKENS_BELOW', 'GRANT_EXPIRES_WITHIN_DAYS')),
    threshold      integer NOT NULL CHECK (threshold >= 0),
    email          boolean NOT NULL,
    webhook_url    text,
    webhook_secret text,
    enabled        boolean NOT NULL,
    raised_on      date,
    warned_of      jsonb NOT NULL DEFAULT '[]',
    created_at     timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL,
    CHECK ((webhook_url IS NULL) = (webhook_secret IS NULL))
);
CREATE INDEX alert_rules_team ON alert_rules (team_id, id);
CREATE INDEX alert_rules_expiry ON alert_rules (team_id) WHERE metric = 'GRANT_EXPIRES_WITHIN_DAYS' AND enabled;

CREATE TABLE limit_warnings (
    id              text NOT NULL UNIQUE,
    team_id         text NOT NULL,
    sequence        bigint NOT NULL CHECK (sequence > 0),
    kind            text NOT NULL CHECK (kind IN ('DAILY_LIMIT_NEAR', 'DAILY_LIMIT_REACHED', 'BALANCE_LOW',
        'BALANCE_EMPTY', 'GRANT_EXPIRING', 'MEMBER_LIMIT_NEAR', 'MEMBER_LIMIT_REACHED')),
    rule_id         text,
    member_id       text,
    grant_id        text,
    threshold       bigint NOT NULL,
    value           bigint NOT NULL,
    daily_limit     bigint,
    clears_at       timestamptz,
    balance_version bigint NOT NULL,
    raised_at       timestamptz NOT NULL,
    acknowledged_at timestamptz,
    acknowledged_by text,
    dispatched_at   timestamptz,
    PRIMARY KEY (team_id, sequence),
    CHECK ((acknowledged_at IS NULL) = (acknowledged_by IS NULL)),
    CHECK ((member_id IS NOT NULL) = (kind IN ('MEMBER_LIMIT_NEAR', 'MEMBER_LIMIT_REACHED'))),
    CHECK ((grant_id IS NOT NULL) = (kind = 'GRANT_EXPIRING'))
);
CREATE INDEX limit_warnings_open ON limit_warnings (team_id, sequence) WHERE acknowledged_at IS NULL;
CREATE INDEX limit_warnings_undispatched ON limit_warnings (raised_at) WHERE dispatched_at IS NULL;

-- Grants that will expire, for the sweep.
CREATE INDEX grants_expiring ON grants (expires_at) WHERE remaining > 0 AND expires_at IS NOT NULL;

-- The rules that every team begins with. What is low or empty already is no new crossing.
INSERT INTO alert_rules (id, team_id, metric, threshold, email, enabled, raised_on, created_at, updated_at)
SELECT 'alert_01' || substr(md5(b.team_id || metric), 1, 24), b.team_id, metric,
    CASE metric WHEN 'AVAILABLE_TOKENS_BELOW' THEN least(b.low_balance_threshold, 2147483647) ELSE threshold END, true, true,
    CASE WHEN metric = 'AVAILABLE_TOKENS_BELOW' AND b.available <= b.low_balance_threshold THEN b.day END, now(), now()
FROM balances b
CROSS JOIN (VALUES ('DAILY_LIMIT_PERCENT_USED', 80), ('AVAILABLE_TOKENS_BELOW', 130), ('GRANT_EXPIRES_WITHIN_DAYS', 7))
    AS standard (metric, threshold);
UPDATE balances SET balance_empty_on = day WHERE available < 10 AND NOT unlimited;

ALTER TABLE reservations ADD product_id text;
UPDATE reservations r SET product_id = coalesce((SELECT g.product_id FROM generations g WHERE g.id = r.generation_id), '');
ALTER TABLE reservations ALTER product_id SET NOT NULL;

CREATE TABLE consumption (
    team_id     text NOT NULL,
    day         date NOT NULL,
    user_id     text NOT NULL,
    operation   text NOT NULL,
    part        text NOT NULL,
    tokens      bigint NOT NULL CHECK (tokens > 0),
    parts       bigint NOT NULL CHECK (parts > 0),
    generations bigint NOT NULL CHECK (generations >= 0),
    PRIMARY KEY (team_id, day, user_id, operation, part)
) WITH (fillfactor = 50);

CREATE TABLE product_consumption (
    team_id     text NOT NULL,
    day         date NOT NULL,
    product_id  text NOT NULL,
    user_id     text NOT NULL,
    operation   text NOT NULL,
    tokens      bigint NOT NULL CHECK (tokens > 0),
    generations bigint NOT NULL CHECK (generations >= 0),
    PRIMARY KEY (team_id, day, product_id, user_id, operation)
) WITH (fillfactor = 70);

INSERT INTO consumption (team_id, day, user_id, operation, part, tokens, parts, generations)
SELECT team_id, day, actor_id, operation, part, sum(amount), count(*), count(*) FILTER (WHERE first)
FROM (
    SELECT team_id, day, actor_id, operation, part, amount,
        row_number() OVER (PARTITION BY team_id, generation_id ORDER BY sequence) = 1 AS first
    FROM ledger_entries
    WHERE kind = 'CAPTURE'
) AS captured
GROUP BY team_id, day, actor_id, operation, part;

INSERT INTO product_consumption (team_id, day, product_id, user_id, operation, tokens, generations)
SELECT team_id, day, product_id, actor_id, operation, sum(captured), count(*)
FROM reservations
WHERE captured > 0
GROUP BY team_id, day, product_id, actor_id, operation;

-- +goose Down
DROP TABLE product_consumption, consumption, limit_warnings, alert_rules;
DROP INDEX grants_expiring;
ALTER TABLE reservations DROP product_id;
ALTER TABLE balances
    DROP pending_time_zone, DROP pending_time_zone_at, DROP pending_last_day, DROP time_zone_changed_at,
    DROP limit_reached_on, DROP balance_empty_on, DROP warnings;
