-- +goose Up

-- A page of history is read along the sequence, whatever it is narrowed down to: of each kind and operation that the
-- filter lets through, one short run of an index, and what they give is merged.
CREATE INDEX ledger_entries_lanes ON ledger_entries (team_id, kind, coalesce(operation, ''), sequence);
CREATE INDEX ledger_entries_actors ON ledger_entries (team_id, actor_id, kind, coalesce(operation, ''), sequence)
    WHERE actor_id IS NOT NULL;
CREATE INDEX ledger_entries_grant ON ledger_entries (grant_id, sequence) WHERE grant_id IS NOT NULL;
-- Together with ledger_entries_settled_once it finds all lines of a generation.
CREATE UNIQUE INDEX ledger_entries_reserved_once ON ledger_entries (generation_id) WHERE kind = 'RESERVE';

-- The sequence of the team's first line at or behind an instant; one behind the newest if there is none. Time never
-- decreases along the lines, so it is searched for by halves: no index on time has to be kept.
-- +goose StatementBegin
CREATE FUNCTION ledger_sequence_at(team text, instant timestamptz) RETURNS bigint LANGUAGE plpgsql STABLE STRICT AS $$
DECLARE
    low    bigint := 1;
    high   bigint;
    middle bigint;
    at     timestamptz;
BEGIN
    SELECT coalesce(max(sequence), 0) + 1 INTO high FROM ledger_entries WHERE team_id = team;
    WHILE low < high LOOP
        middle := (low + high) / 2;
        SELECT occurred_at INTO at
        FROM ledger_entries
        WHERE team_id = team AND sequence >= middle
        ORDER BY sequence
        LIMIT 1;
        IF at < instant THEN
            low := middle + 1;
        ELSE
            high := middle;
        END IF;
    END LOOP;
    RETURN low;
END $$;
-- +goose StatementEnd

-- +goose Down
DROP FUNCTION ledger_sequence_at;
DROP INDEX ledger_entries_reserved_once, ledger_entries_grant, ledger_entries_actors, ledger_entries_lanes;
