package resolvers

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"productgenerator/funding"
	"productgenerator/payment"
)

const setAutoTopUp = `mutation($i: AutoTopUpInput!) { setAutoTopUp(input: $i) {
	team { autoTopUp { enabled package { name tokens } threshold monthlyCapMinor spentThisMonthMinor pausedReason } }
	userErrors { code message path ... on PaymentError { provider } }
} }`

const autoTopUp = `query($id: ID!) { team(id: $id) { autoTopUp {
	enabled package { name } threshold monthlyCapMinor spentThisMonthMinor pausedReason
} } }`

// tops sets the auto top-up of the client's team.
func (c *client) tops(more object) any {
	c.t.Helper()
	input := object{"teamId": c.team, "enabled": true}
	for name, value := range more {
		input[name] = value
	}
	return at(c.must(setAutoTopUp, object{"i": input}), "setAutoTopUp")
}

func (c *client) topUp() any {
	c.t.Helper()
	return at(c.must(autoTopUp, object{"id": c.team}), "team", "autoTopUp")
}

func TestAnOwnerSetsAutoTopUpAndTheWholeTeamSeesIt(t *testing.T) {
	w := newWorld(t)
	ann := w.signUp("ann")
	if topUp := ann.topUp(); topUp != nil {
		t.Errorf("before: %v", topUp)
	}
	got := ann.tops(object{"packageId": "package_00000000000000000000000001", "threshold": 10})
	want := object{
		"team": object{"autoTopUp": object{
			"enabled": true, "package": object{"name": "Starter", "tokens": 650.0}, "threshold": 10.0,
			"monthlyCapMinor": 2700.0, "spentThisMonthMinor": 0.0, "pausedReason": nil,
		}},
		"userErrors": []any{},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("set (-want +got):\n%s", diff)
	}
	vic := ann.member("vic", "VIEWER")
	vic.team = ann.team
	if at(vic.topUp(), "package", "name") != "Starter" {
		t.Errorf("a viewer sees %v", vic.topUp())
	}
	leader := ann.member("leader", "ADMIN")
	vars := object{"i": object{"teamId": ann.team, "enabled": false}}
	leader.refused("FORBIDDEN", setAutoTopUp, vars)
	vic.refused("FORBIDDEN", setAutoTopUp, vars)
	w.administrator().refused("FORBIDDEN", setAutoTopUp, vars)
	w.signUp("eve").refused("NOT_FOUND", setAutoTopUp, vars)
	w.anonymous().refused("UNAUTHENTICATED", setAutoTopUp, vars)
	w.anonymous().refused("UNAUTHENTICATED", setAutoTopUp, object{"i": object{"teamId": "x", "enabled": false}})
}

func TestWhatIsWrongWithAutoTopUpIsSaidInSentences(t *testing.T) {
	w := newWorld(t)
	ann := w.signUp("ann")
	for _, test := range []struct {
		input            object
		code, path       string
		message, spanish string
	}{
		{object{}, "REQUIRED", "packageId", "Choose the package to buy.", "Elija el paquete que se compra."},
		{object{"packageId": "nothing"}, "INVALID", "packageId", "cannot be bought", "no se puede comprar"},
		{
			object{"packageId": "package_00000000000000000000000001", "monthlyCapMinor": 899},
			"OUT_OF_RANGE", "monthlyCapMinor",
			"pays at least one package", "al menos un paquete",
		},
		{
			object{"packageId": "package_00000000000000000000000001", "threshold": -1},
			"OUT_OF_RANGE", "threshold",
			"0 or more tokens", "0 o más tokens",
		},
	} {
		for language, message := range map[string]string{"en": test.message, "es": test.spanish} {
			ann.language = language
			problem := at(ann.tops(test.input), "userErrors", 0)
			if text(problem, "code") != test.code || text(problem, "path", 0) != test.path || !strings.Contains(text(problem, "message"), message) {
				t.Errorf("%v in %s: %v", test.input, language, problem)
			}
		}
	}
	if topUp := ann.topUp(); topUp != nil {
		t.Errorf("set all the same: %v", topUp)
	}
}

func TestAPauseSaysWhyAndWhatToDo(t *testing.T) {
	w := newWorld(t)
	ann := w.signUp("ann")
	ann.tops(object{"packageId": "package_00000000000000000000000001", "threshold": 0})
	exec := func(sql string) {
		t.Helper()
		if _, err := w.db.Pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	for reason, sentence := range map[string]string{
		"DECLINED": "did not go through", "MONEY_BACK": "was paid back", "NO_BUYER": "may not buy", "PACKAGE_INACTIVE": "not sold any more",
		"PROVIDER_REFUSED": "provider refused",
	} {
		exec(`UPDATE auto_top_ups SET paused_at = now(), paused_reason = '` + reason + `'`)
		if paused := text(ann.topUp(), "pausedReason"); !strings.Contains(paused, sentence) {
			t.Errorf("%s: %s", reason, paused)
		}
	}
	ann.language = "es"
	if paused := text(ann.topUp(), "pausedReason"); !strings.HasSuffix(paused, ".") || strings.Contains(paused, "owner") {
		t.Errorf("in Spanish: %s", paused)
	}
	ann.language = ""
	exec(`UPDATE auto_top_ups SET paused_at = NULL, paused_reason = NULL, monthly_cap_minor = 1`)
	if paused := text(ann.topUp(), "pausedReason"); !strings.Contains(paused, "this month's cap") {
		t.Errorf("cap: %s", paused)
	}
}

func TestAutoTopUpBuysInTheDemonstrationAndTheTeamSeesIt(t *testing.T) {
	w := newWorld(t)
	ann := w.signUp("ann") // with the welcome gift of 195 tokens
	ann.tops(object{"packageId": "package_00000000000000000000000001", "threshold": 196})
	w.await("the tokens are there", func() bool {
		data := ann.must(`query($id: ID!) { team(id: $id) { balance { available } } }`, object{"id": ann.team})
		return at(data, "team", "balance", "available") == 845.0
	})
	if topUp := ann.topUp(); at(topUp, "spentThisMonthMinor") != 900.0 {
		t.Errorf("auto top-up: %v", topUp)
	}
}

func TestAutoTopUpIsNotForWhoeverPaysByInvoice(t *testing.T) {
	w := newWorld(t)
	w.resolver.Funding = funding.New(funding.Options{
		DB: w.db.Gorm, Pool: w.db.Pool, Ledger: w.resolver.Ledger, Provider: payment.NewInvoice(false), Now: time.Now,
	})
	ann := w.signUp("ann")
	problem := at(ann.tops(object{"packageId": "package_00000000000000000000000001"}), "userErrors", 0)
	if text(problem, "code") != "PAYMENT_FAILED" || text(problem, "provider") != "invoice" || text(problem, "path", 0) != "enabled" ||
		!strings.Contains(text(problem, "message"), "by invoice") {
		t.Errorf("switched on: %v", problem)
	}
	if at(ann.tops(object{"enabled": false}), "userErrors", 0) != nil {
		t.Error("switching off was refused")
	}
}
