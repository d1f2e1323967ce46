-- +goose Up

-- What consumption holds without its members: a year of any team is a few rows a day.
CREATE TABLE consumption_days (
    team_id     text NOT NULL,
    day         date NOT NULL,
    operation   text NOT NULL,
    part        text NOT NULL,
    tokens      bigint NOT NULL CHECK (tokens > 0),
    parts       bigint NOT NULL CHECK (parts > 0),
    generations bigint NOT NULL CHECK (generations >= 0),
    PRIMARY KEY (team_id, day, operation, part)
) WITH (fillfactor = 50);

-- What product_consumption holds without its members and operations: a report ranks products by their months, corrects
-- these by the days that its period cuts off, and reads the days of the few that it shows.
CREATE TABLE product_days (
    team_id     text NOT NULL,
    product_id  text NOT NULL,
    day         date NOT NULL,
    tokens      bigint NOT NULL CHECK (tokens > 0),
    generations bigint NOT NULL CHECK (generations >= 0),
    -- The index holds the sums as well, so that a product's days are read from beside each other.
    PRIMARY KEY (team_id, product_id, day) INCLUDE (tokens, generations)
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.02);

CREATE TABLE product_months (
    team_id     text NOT NULL,
    month       date NOT NULL CHECK (extract(day FROM month) = 1),
    product_id  text NOT NULL,
    tokens      bigint NOT NULL CHECK (tokens > 0),
    generations bigint NOT NULL CHECK (generations >= 0),
    PRIMARY KEY (team_id, month, product_id)
) WITH (fillfactor = 70);

INSERT INTO consumption_days (team_id, day, operation, part, tokens, parts, generations)
SELECT team_id, day, operation, part, sum(tokens), sum(parts), sum(generations)
FROM consumption
GROUP BY team_id, day, operation, part;

INSERT INTO product_days (team_id, product_id, day, tokens, generations)
SELECT team_id, product_id, day, sum(tokens), sum(generations)
FROM product_consumption
GROUP BY team_id, product_id, day;

INSERT INTO product_months (team_id, month, product_id, tokens, generations)
SELECT team_id, date_trunc('month', day::timestamp), product_id, sum(tokens), sum(generations)
FROM product_days
GROUP BY team_id, date_trunc('month', day::timestamp), product_id;

-- Insights look at what became of a period's texts and at the operations of its days.
CREATE INDEX contents_team ON contents (team_id, created_at);
CREATE INDEX reservations_day ON reservations (team_id, day);
CREATE INDEX products_deleted ON products (team_id, deleted_at) WHERE deleted_at IS NOT NULL;

-- +goose Down
DROP INDEX products_deleted, reservations_day, contents_team;
DROP TABLE product_months, product_days, consumption_days;
