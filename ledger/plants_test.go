package ledger

// plant is a corruption, so narrow that it breaks as little else as possible. Where more than one invariant must notice,
// they are all named.
type plant struct {
	corruption string
	sql        string
	breaches   []string
}

// plants is corruptions of tokens and of what they paid for. With those of warnings and of funding there is one for
// every invariant.
var plants = []plant{
	{
		"an account is lost",
		`DELETE FROM ledger_entries; DELETE FROM grants; DELETE FROM reservations; DELETE FROM member_usage; DELETE FROM generation_parts;
		 DELETE FROM generations; DELETE FROM contents; DELETE FROM product_images; DELETE FROM balances`,
		[]string{
			"every team has an account",
			"a product's consumption is what its reservations captured",
			"consumption is what the lines captured",
			"the balance knows its newest warning",
		},
	},
	{
		"tokens appear from nowhere",
		`UPDATE balances SET available = available + 1`,
		[]string{"available is the sum of the lines", "available is what remains of the grants"},
	},
	{
		"the last line says less than the balance has",
		`UPDATE ledger_entries SET tokens = tokens - 1, draws = jsonb_set(draws, '{0,tokens}', '9'), amount = 9, usage = -9, balance_after = balance_after - 1 WHERE sequence = 9`,
		[]string{
			"available is the sum of the lines",
			"used today is the use of the day's lines",
			"a member's use of a day is the use of the member's lines",
			"a settled part has one line, and such a line its part",
			"a settled part's line has the draws of its part",
		},
	},
	{
		"tokens move from what is consumed to what remains",
		`UPDATE grants SET consumed = consumed - 1, remaining = remaining + 1 WHERE id = :grant`,
		[]string{"available is what remains of the grants", "what a grant holds and has paid is what parts drew on it"},
	},
	{
		"more is reserved than reservations hold",
		`UPDATE balances SET reserved = reserved + 1`,
		[]string{"reserved is what open reservations hold"},
	},
	{
		"debt from nowhere",
		`UPDATE balances SET debt = 1`,
		[]string{
			"debt is what was incurred and not paid", "a team in debt has nothing available",
			"debt is what could not be taken back, less what grants have paid of it",
		},
	},
	{
		"use below nothing",
		`UPDATE balances SET used = -1`,
		[]string{"no balance is negative", "used today is the use of the day's lines"},
	},
	{"a negative limit of the team", `UPDATE balances SET own_daily_limit = -1`, []string{"no limit is negative"}},
	{"a negative limit of a member", `UPDATE memberships SET daily_limit = -1`, []string{"no limit is negative"}},
	{"a negative limit of the platform", `UPDATE settings SET default_daily_limit = -1`, []string{"no limit is negative"}},
	{"use of the day forgotten", `UPDATE balances SET used = used - 1`, []string{"used today is the use of the day's lines"}},
	{
		"a member's use forgotten",
		`UPDATE member_usage SET used = used - 1`,
		[]string{"a member's use of a day is the use of the member's lines"},
	},
	{
		"a member's use of a day without lines",
		`INSERT INTO member_usage VALUES (:team, :owner, '2020-02-02', 1)`,
		[]string{"a member's use of a day is the use of the member's lines"},
	},
	{"the version stepped back", `UPDATE balances SET version = 1`, []string{
		"the version is at least the newest line's",
		"a warning is no newer than its balance, and no older than the one before",
	}},
	{"the number of the newest line forgotten", `UPDATE balances SET sequence = 8`, []string{"the balance knows its newest line"}},
	{
		"the time of the newest line forgotten",
		`UPDATE balances SET last_entry_at = last_entry_at - interval '1 hour'`,
		[]string{"the balance is no older than its newest line"},
	},
	{
		"a line removed and the rest moved up by nobody",
		`UPDATE ledger_entries SET sequence = 10 WHERE sequence = 9; UPDATE balances SET sequence = 10`,
		[]string{"lines are numbered from 1 without a gap"},
	},
	{
		"a line dated back",
		`UPDATE ledger_entries SET occurred_at = occurred_at - interval '1 microsecond' WHERE sequence = 2;
		 UPDATE ledger_entries SET occurred_at = occurred_at - interval '2 microsecond' WHERE sequence = 2`,
		[]string{"time never decreases along the lines"},
	},
	{
		"a line with an older version than the one before",
		`UPDATE ledger_entries SET balance_version = 1 WHERE sequence = 8`,
		[]string{"the version never decreases along the lines"},
	},
	{
		"a balance behind a line rewritten",
		`UPDATE ledger_entries SET balance_after = balance_after + 1 WHERE sequence = 4`,
		[]string{"the balance behind a line is the sum of the lines up to it"},
	},
	{
		"a capture that changes the day's use, and another that takes it back",
		`UPDATE ledger_entries SET usage = 1 WHERE sequence = 6; UPDATE ledger_entries SET usage = -1 WHERE sequence = 7`,
		[]string{"a line changes what its kind changes"},
	},
	{
		"an actor who is no member",
		`DELETE FROM memberships`,
		[]string{"a line that an operation caused names a member of then"},
	},
	{
		"an actor who joined later",
		`UPDATE memberships SET joined_at = now() + interval '1 minute'`,
		[]string{"a line that an operation caused names a member of then"},
	},
	{
		"lines of an account that is gone",
		`DELETE FROM balances`,
		[]string{
			"every team has an account",
			"every line belongs to an account",
			"the balance knows its newest warning",
		},
	},
	{
		"a grant that grew",
		`UPDATE grants SET tokens = tokens + 1 WHERE id = :grant; UPDATE ledger_entries SET amount = amount + 1, debt = -1 WHERE grant_id = :grant`,
		[]string{"a grant's tokens add up", "debt is what was incurred and not paid"},
	},
	{
		"a grant that revoked less than nothing",
		`UPDATE grants SET revoked = -1, tokens = tokens - 1 WHERE id = :grant`,
		[]string{
			"nothing of a grant is negative", "a grant has one line of its size, and such a line its grant",
			"what was revoked of a grant was taken for some grant's sake",
		},
	},
	{
		"a grant that holds more than parts drew",
		`UPDATE grants SET held = held + 1, consumed = consumed - 1 WHERE id = :grant`,
		[]string{"what a grant holds and has paid is what parts drew on it"},
	},
	{
		"a grant without a line",
		`INSERT INTO grants (id, team_id, source, tokens, remaining, consumed, created_at) VALUES ('grant_x', :team, 'GIFT', 1, 1, 0, now());
		 UPDATE grants SET remaining = remaining - 1, consumed = consumed + 1 WHERE id = :grant;
		 UPDATE reservations SET parts = jsonb_set(parts, '{0,draws,0,tokens}', '16') WHERE generation_id = :done`,
		[]string{
			"a grant has one line of its size, and such a line its grant",
			"a part draws its whole cost on grants, or nothing where the team was unlimited",
			"a reservation's line drew what its parts drew on each grant",
			"a settled part's line has the draws of its part",
		},
	},
	{
		"a grant whose line came twice",
		`INSERT INTO ledger_entries SELECT 'entry_x', team_id, 10, balance_version + 99, kind, 0, 0, (SELECT available FROM balances), operation, part, actor_id,
			generation_id, grant_id, draws, debt, day, usage, note, occurred_at + interval '1 hour' FROM ledger_entries WHERE sequence = 1;
		 UPDATE balances SET sequence = 10, version = 999, last_entry_at = now() + interval '2 hours'`,
		[]string{"a grant has one line of its size, and such a line its grant"},
	},
	{
		"a lapse that was not posted",
		`UPDATE grants SET expired = expired + 1, revoked = -1 WHERE id = :grant; UPDATE grants SET revoked = 0, expired = 1, tokens = tokens + 1 WHERE id = :grant`,
		[]string{"what has expired of a grant has its lines", "a grant has one line of its size, and such a line its grant"},
	},
	{
		"debt that nobody paid",
		`UPDATE grants SET paid_debt = 1, revoked = 0, tokens = tokens + 1 WHERE id = :grant;
		 UPDATE ledger_entries SET amount = amount + 1 WHERE grant_id = :grant`,
		[]string{
			"debt is what could not be taken back, less what grants have paid of it", "a line changes what its kind changes",
		},
	},
	{
		"a reservation that captured more than its parts",
		`UPDATE reservations SET captured = captured + 1, released = released - 1 WHERE generation_id = :done`,
		[]string{
			"a reservation is captured, released and held part by part",
			"a product's consumption is what its reservations captured",
		},
	},
	{
		"a finished reservation reopened",
		`UPDATE reservations SET finished_at = NULL WHERE generation_id = :done`,
		[]string{"a finished reservation holds nothing, an open one something"},
	},
	{
		"an open reservation closed",
		`UPDATE reservations SET finished_at = now() WHERE generation_id = :queued`,
		[]string{"a finished reservation holds nothing, an open one something", "reserved is what open reservations hold"},
	},
	{
		"a part that drew nothing",
		`UPDATE reservations SET unlimited = true WHERE generation_id = :queued`,
		[]string{"a part draws its whole cost on grants, or nothing where the team was unlimited"},
	},
	{
		"a reservation by someone else",
		`UPDATE ledger_entries SET actor_id = 'user_x' WHERE generation_id = :queued`,
		[]string{
			"a reservation has one line of its size, day and actor, and such a line its reservation",
			"a line that an operation caused names a member of then",
			"a member's use of a day is the use of the member's lines",
		},
	},
	{
		"a settlement of a part that is still held",
		`UPDATE ledger_entries SET part = 'PRICES', generation_id = :queued WHERE sequence = 9`,
		[]string{"a settled part has one line, and such a line its part"},
	},
	{
		"a part settled twice",
		`INSERT INTO ledger_entries SELECT 'entry_x', team_id, 10, 99, kind, amount, tokens, balance_after, operation, part, actor_id,
			generation_id, grant_id, draws, debt, day, usage, note, occurred_at + interval '1 hour' FROM ledger_entries WHERE sequence = 6;
		 UPDATE ledger_entries SET balance_after = (SELECT available FROM balances) WHERE sequence = 10;
		 UPDATE balances SET sequence = 10, version = 999, last_entry_at = now() + interval '2 hours'`,
		[]string{
			"a part is settled once",
			"consumption is what the lines captured",
		},
	},
	{
		"a generation that is gone",
		`DELETE FROM generation_parts WHERE generation_id = :queued; DELETE FROM generations WHERE id = :queued`,
		[]string{
			"a generation has its reservation, and a reservation its generation",
			"a part that is captured succeeded, one that is released did not, one that is held goes on",
		},
	},
	{
		"a generation by someone else",
		`UPDATE generations SET actor_id = 'user_x' WHERE id = :queued`,
		[]string{"a generation has its reservation, and a reservation its generation"},
	},
	{
		"a held part that failed",
		`UPDATE generation_parts SET status = 'FAILED', failure = 'TIMED_OUT', finished_at = now() WHERE generation_id = :queued;
		 UPDATE generations SET status = 'FAILED', finished_at = now() WHERE id = :queued`,
		[]string{"a part that is captured succeeded, one that is released did not, one that is held goes on"},
	},
	{
		"a part that costs something else",
		`UPDATE generation_parts SET tokens = 11 WHERE generation_id = :queued`,
		[]string{"a part that is captured succeeded, one that is released did not, one that is held goes on"},
	},
	{
		"a generation that ended before its part",
		`UPDATE generations SET status = 'FAILED', finished_at = now() WHERE id = :queued`,
		[]string{"a generation ends with its last part, as its parts ended"},
	},
	{
		"half a success called a whole one",
		`UPDATE generations SET status = 'SUCCEEDED' WHERE id = :done`,
		[]string{"a generation ends with its last part, as its parts ended"},
	},
	{
		"a paid text that is gone",
		`DELETE FROM contents`,
		[]string{"a captured part has its stored result, and a stored result its captured part"},
	},
	{
		"paid images that are gone",
		`DELETE FROM product_images`,
		[]string{"a captured part has its stored result, and a stored result its captured part"},
	},
	{
		"prices that nobody paid",
		`INSERT INTO product_prices (id, team_id, product_id, generation_id, position, seller, amount_minor, currency, observed_at, provider, created_at)
		 VALUES ('price_x', :team, :product, :done, 0, 'Shop', 1, 'EUR', now(), 'local', now())`,
		[]string{"a captured part has its stored result, and a stored result its captured part"},
	},
	{
		"a run over more products than it has",
		`INSERT INTO generation_batches VALUES ('batch_x', :team, :owner, 'GENERATE_ALL', 2, now()); UPDATE generations SET batch_id = 'batch_x' WHERE id = :done`,
		[]string{"a run over many products has as many generations as it says"},
	},
	{
		"a day that cost more than its members spent",
		`UPDATE consumption_days SET tokens = tokens + 1 WHERE part = 'IMAGES'`,
		[]string{"a day's consumption is that of all members"},
	},
	{
		"a day of which a part is gone",
		`DELETE FROM consumption_days WHERE part = 'IMAGES'`,
		[]string{"a day's consumption is that of all members"},
	},
	{
		"a product's day with a generation too many",
		`UPDATE product_days SET generations = generations + 1; UPDATE product_months SET generations = generations + 1`,
		[]string{"a product's day is what all members had done to it"},
	},
	{
		"a product's month that costs less than its days",
		`UPDATE product_months SET tokens = tokens - 1`,
		[]string{"a product's month is its days"},
	},
}
