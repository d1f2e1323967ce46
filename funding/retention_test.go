package funding

import "testing"

func TestNoticesThatWereProcessedLongAgoAreForgottenAndWhatTheySaidIsNot(t *testing.T) {
	s := newShop(t)
	team := s.newTeam(0)
	old := s.bought(team)
	s.exec(`UPDATE payment_notices SET received_at = now() - interval '600 days', processed_at = now() - interval '551 days'`)
	p := s.buy(team, "another")
	s.payPage(p)
	s.deliver()
	s.exec(`UPDATE payment_notices SET received_at = now() - interval '600 days' WHERE processed_at IS NULL`)
	waiting := s.unprocessed()

	retention := s.funding.retention()
	if more, err := retention.do(s.ctx()); more || err != nil {
		t.Fatalf("%t, %v", more, err)
	}
	if left := s.count(`SELECT count(*) FROM payment_notices`); left != waiting || waiting == 0 {
		t.Errorf("%d notices are left where %d wait", left, waiting)
	}
	s.work()
	s.exec(`UPDATE payment_notices SET processed_at = now() - interval '549 days' WHERE processed_at IS NOT NULL`)
	if _, err := s.funding.forgetNotices(s.ctx()); err != nil {
		t.Fatal(err)
	}
	if left := s.count(`SELECT count(*) FROM payment_notices`); left != waiting {
		t.Errorf("%d notices are left where %d have to be kept", left, waiting)
	}
	s.expect(team, old.ID, books{Status: "PAID", Grants: 2, Available: 2 * boughtTokens})
	s.check()
}

func TestOldNoticesAreForgottenALittleAtATimeUntilNoneIsLeft(t *testing.T) {
	s := newShop(t)
	s.exec(`
INSERT INTO payment_notices (provider, id, body, notice, received_at, processed_at)
SELECT 'stripe', 'evt_' || n, '', '{}', now() - interval '600 days', now() - interval '600 days'
FROM generate_series(1, $1) AS n`, 2*forgottenAtOnce+1)
	retention := s.funding.retention()
	for time, want := range []struct {
		more bool
		left int
	}{{true, forgottenAtOnce + 1}, {true, 1}, {false, 0}} {
		more, err := retention.do(s.ctx())
		if left := s.count(`SELECT count(*) FROM payment_notices`); err != nil || more != want.more || left != want.left {
			t.Errorf("time %d: %d are left, more %t, %v", time, left, more, err)
		}
	}
	s.exec(`
INSERT INTO payment_notices (provider, id, body, notice, received_at, processed_at)
VALUES ('stripe', 'evt', '', '{}', now() - interval '600 days', now() - interval '600 days')`)
	if _, err := retention.do(s.ctx()); err != nil || s.count(`SELECT count(*) FROM payment_notices`) != 1 {
		t.Errorf("old notices were looked for again within the hour, %v", err)
	}
}
