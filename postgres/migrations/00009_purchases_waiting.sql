-- +goose Up

-- How many purchases a team has not paid yet is asked before it begins another.
CREATE INDEX purchases_unpaid ON purchases (team_id) WHERE status = 'PENDING' AND NOT automatic;

-- What was processed long ago is forgotten.
CREATE INDEX payment_notices_processed ON payment_notices (processed_at) WHERE processed_at IS NOT NULL;

-- +goose Down
DROP INDEX purchases_unpaid, payment_notices_processed;
