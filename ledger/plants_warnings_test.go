package ledger

// plantsOfWarnings is corruptions of what warnings, settings and reports are kept by.
var plantsOfWarnings = []plant{
	{
		"a warning removed and the rest moved up by nobody",
		`UPDATE limit_warnings SET sequence = 3 WHERE sequence = 2; UPDATE balances SET warnings = 3`,
		[]string{"warnings are numbered from 1 without a gap"},
	},
	{"the number of the newest warning forgotten", `UPDATE balances SET warnings = 1`, []string{"the balance knows its newest warning"}},
	{
		"a warning that no change raised",
		`INSERT INTO limit_warnings (id, team_id, sequence, kind, threshold, value, balance_version, raised_at)
		 SELECT 'warning_x', team_id, 3, 'BALANCE_LOW', 130, 1, version, now() FROM balances`,
		[]string{"the balance knows its newest warning"},
	},
	{
		"a warning of a version that is yet to come",
		`UPDATE limit_warnings SET balance_version = 999 WHERE sequence = 2`,
		[]string{"a warning is no newer than its balance, and no older than the one before"},
	},
	{
		"a warning of an older version than the one before",
		`UPDATE limit_warnings SET balance_version = 1 WHERE sequence = 2`,
		[]string{"a warning is no newer than its balance, and no older than the one before"},
	},
	{
		"a warning dated back",
		`UPDATE limit_warnings SET raised_at = raised_at - interval '1 hour' WHERE sequence = 2`,
		[]string{"a warning is no newer than its balance, and no older than the one before"},
	},
	{
		"a limit that was reached tomorrow",
		`UPDATE balances SET limit_reached_on = day + 1`,
		[]string{"no line was crossed on a day that is yet to come"},
	},
	{
		"a rule's line that was crossed tomorrow",
		`UPDATE alert_rules SET raised_on = raised_on + 1`,
		[]string{"no line was crossed on a day that is yet to come"},
	},
	{
		"a balance called empty",
		`UPDATE balances SET balance_empty_on = day`,
		[]string{"a balance is empty where the cheapest operation cannot be paid, and nowhere else"},
	},
	{
		"a crossed line forgotten",
		`UPDATE alert_rules SET raised_on = NULL`,
		[]string{"a rule on available tokens knows whether its line is crossed"},
	},
	{
		"a line called crossed",
		`UPDATE alert_rules SET threshold = 20 WHERE metric = 'AVAILABLE_TOKENS_BELOW'`,
		[]string{"a rule on available tokens knows whether its line is crossed"},
	},
	{
		"a rule that remembers a grant that never was",
		`UPDATE alert_rules SET warned_of = '["grant_x"]' WHERE metric = 'GRANT_EXPIRES_WITHIN_DAYS'`,
		[]string{"a rule remembers no grant of which nothing is left"},
	},
	{
		"a rule that remembers a grant that has lapsed",
		`UPDATE alert_rules SET warned_of = (SELECT jsonb_agg(id) FROM grants WHERE expired > 0) WHERE metric = 'GRANT_EXPIRES_WITHIN_DAYS'`,
		[]string{"a rule remembers no grant of which nothing is left"},
	},
	{
		"a rule too many",
		`INSERT INTO alert_rules (id, team_id, metric, threshold, email, enabled, created_at, updated_at)
		 SELECT 'alert_' || n, :team, 'DAILY_LIMIT_PERCENT_USED', 50, true, true, now(), now() FROM generate_series(1, 18) AS n`,
		[]string{"a team has at most 20 alert rules"},
	},
	{
		"a change to the zone that is",
		`UPDATE balances SET pending_time_zone = time_zone, pending_time_zone_at = now() + interval '1 day', pending_last_day = day, time_zone_changed_at = updated_at`,
		[]string{"a change of time zone goes to another zone, and has not happened yet"},
	},
	{
		"a change of zone that nobody asked for",
		`UPDATE balances SET pending_time_zone = 'Asia/Tokyo', pending_time_zone_at = now() + interval '1 day', pending_last_day = day`,
		[]string{"a change of time zone goes to another zone, and has not happened yet"},
	},
	{
		"a change of zone that should have happened",
		`UPDATE balances SET pending_time_zone = 'Asia/Tokyo', pending_time_zone_at = last_entry_at, pending_last_day = day, time_zone_changed_at = updated_at`,
		[]string{"a change of time zone goes to another zone, and has not happened yet"},
	},
	{
		"a day behind the old zone's last",
		`UPDATE balances SET pending_time_zone = 'Asia/Tokyo', pending_time_zone_at = now() + interval '1 day', pending_last_day = day - 1, time_zone_changed_at = updated_at`,
		[]string{"a change of time zone goes to another zone, and has not happened yet"},
	},
	{
		"consumption that nobody captured",
		`UPDATE consumption SET tokens = tokens + 1 WHERE part = 'IMAGES'; UPDATE consumption_days SET tokens = tokens + 1 WHERE part = 'IMAGES'`,
		[]string{"consumption is what the lines captured"},
	},
	{
		"a captured part that is not reported",
		`DELETE FROM consumption WHERE part = 'IMAGES'; DELETE FROM consumption_days WHERE part = 'IMAGES'`,
		[]string{"consumption is what the lines captured"},
	},
	{
		"a generation counted under its second part",
		`UPDATE consumption SET generations = 1 - generations; UPDATE consumption_days SET generations = 1 - generations`,
		[]string{"consumption is what the lines captured"},
	},
	{
		"a product's generation counted twice",
		`UPDATE product_consumption SET generations = 2; UPDATE product_days SET generations = 2; UPDATE product_months SET generations = 2`,
		[]string{"a product's consumption is what its reservations captured"},
	},
	{
		"a product that is not reported",
		`DELETE FROM product_consumption; DELETE FROM product_days; DELETE FROM product_months`,
		[]string{"a product's consumption is what its reservations captured"},
	},
	{
		"a reservation for another product",
		`UPDATE reservations SET product_id = :product WHERE generation_id = :queued`,
		[]string{"a generation has its reservation, and a reservation its generation"},
	},
	{
		"a settlement that draws on another grant",
		`UPDATE ledger_entries SET draws = '[{"grant": "grant_x", "tokens": 10}]' WHERE sequence = 9`,
		[]string{"a settled part's line has the draws of its part"},
	},
	{
		"a reservation's line that draws on another grant",
		`UPDATE ledger_entries SET draws = '[{"grant": "grant_x", "tokens": 10}]' WHERE kind = 'RESERVE' AND generation_id = :queued`,
		[]string{"a reservation's line drew what its parts drew on each grant"},
	},
}
