package e2e_test

import (
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"productgenerator/postgres/pgtest"
)

// secret is part of every value that must not be printed.
const secret = "hush"

func TestABadSettingStopsTheStartWithOneLineThatNamesIt(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	file := filepath.Join(t.TempDir(), "a-file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	database := "DATABASE_URL=" + pgtest.NewDurableURL(t)
	unsafe := "DATABASE_URL=" + pgtest.NewURL(t)
	for _, bad := range []struct {
		settings []string
		says     []string // what the line must contain
	}{
		{[]string{"ADDR=nonsense"}, []string{"ADDR", "nonsense", "expected host:port"}},
		{[]string{"ADDR=" + taken.Addr().String()}, []string{"ADDR", taken.Addr().String(), "expected", "free"}},
		{[]string{"PUBLIC_URL=ftp://example.com"}, []string{"PUBLIC_URL", "ftp://example.com", "expected"}},
		{[]string{"WELCOME_TOKENS=-1"}, []string{"WELCOME_TOKENS", "-1", "expected"}},
		{[]string{"WELCOME_TOKENS=many"}, []string{"WELCOME_TOKENS", "many", "expected"}},
		{[]string{"SEED_DEMO=perhaps"}, []string{"SEED_DEMO", "perhaps", "expected"}},
		{[]string{"LOG_LEVEL=loud"}, []string{"LOG_LEVEL", "loud", "expected"}},
		{[]string{"LOG_FORMAT=xml"}, []string{"LOG_FORMAT", "xml", "expected"}},
		{[]string{"WORKERS=-1"}, []string{"WORKERS", "-1", "expected"}},
		{[]string{"WORKERS=few"}, []string{"WORKERS", "few", "expected"}},
		{[]string{"LOCAL_PACE=fast"}, []string{"LOCAL_PACE", "fast", "expected"}},
		{[]string{"FEED_CURRENCY=euro"}, []string{"FEED_CURRENCY", "euro", "expected"}},
		{[]string{"SMTP_URL=http://ada:hush@mail.example.com"}, []string{"SMTP_URL", "mail.example.com", "expected smtp://"}},
		{[]string{"SMTP_URL=ada:hush@mail.example.com"}, []string{"SMTP_URL", "expected smtp://"}},
		{[]string{"SMTP_FROM=nobody"}, []string{"SMTP_FROM", "nobody", "expected"}},
		{[]string{"WEBHOOK_ALLOW_PRIVATE=perhaps"}, []string{"WEBHOOK_ALLOW_PRIVATE", "perhaps", "expected true or false"}},
		{[]string{"STRIPE_SECRET_KEY=sk_test_hush"}, []string{"STRIPE_WEBHOOK_SECRET", "missing", "expected"}},
		{[]string{"STRIPE_WEBHOOK_SECRET=whsec_hush"}, []string{"STRIPE_SECRET_KEY", "missing", "expected"}},
		{[]string{"STRIPE_SECRET_KEY=hush", "STRIPE_WEBHOOK_SECRET=whsec_hush"}, []string{"STRIPE_SECRET_KEY", "expected", "sk_test_"}},
		{
			[]string{"STRIPE_SECRET_KEY=sk_live_hush", "STRIPE_WEBHOOK_SECRET=whsec_hush", "SEED_DEMO=true"},
			[]string{"STRIPE_SECRET_KEY", "live", "expected", "SEED_DEMO"},
		},
		{
			[]string{"STRIPE_SECRET_KEY=sk_test_hush", "STRIPE_WEBHOOK_SECRET=whsec_hush", "STRIPE_API_BASE=http://hush.example.com"},
			[]string{"STRIPE_API_BASE", "expected an https address"},
		},
		{[]string{"STRIPE_AUTOMATIC_TAX=perhaps"}, []string{"STRIPE_AUTOMATIC_TAX", "perhaps", "expected true or false"}},
		{[]string{"INVOICE_DETAILS=" + strings.Repeat("hush ", 201)}, []string{"INVOICE_DETAILS", "expected", "1000"}},
		{[]string{"OPENAI_BASE_URL=nowhere"}, []string{"OPENAI_BASE_URL", "nowhere", "expected"}},
		{[]string{"TEXT_PROVIDERS=local,oracle"}, []string{"TEXT_PROVIDERS", "oracle", "expected", "openai"}},
		{[]string{"IMAGE_PROVIDERS=brave"}, []string{"BRAVE_API_KEY", "missing", "expected"}},
		{[]string{"ADMIN_EMAIL=root@example.com"}, []string{"ADMIN_PASSWORD", "missing", "expected"}},
		{[]string{"ADMIN_EMAIL=nobody", "ADMIN_PASSWORD=hush hush hush"}, []string{"ADMIN_EMAIL", "nobody", "expected"}},
		{[]string{"ADMIN_EMAIL=root@example.com", "ADMIN_PASSWORD=hush"}, []string{"ADMIN_PASSWORD", "expected", "8"}},
		{[]string{"SEED_DEMO=true", "DEMO_PASSWORD=hush"}, []string{"DEMO_PASSWORD", "expected", "8"}},
		{[]string{"DATABASE_URL=mysql://nowhere"}, []string{"DATABASE_URL", "expected"}},
		{[]string{"DATABASE_URL=postgres://me:hush@127.0.0.1:1/none"}, []string{"DATABASE_URL", "127.0.0.1", "expected"}},
		{[]string{unsafe}, []string{"DATABASE_URL", "fsync", "expected"}},
		{[]string{"DATABASE_URL=", "DATA_DIR=" + file}, []string{"DATA_DIR", file, "expected"}},
	} {
		name := strings.Join(bad.settings, " ")
		// The last of two settings of one name counts.
		ended := execute(t, "", slices.Concat([]string{database, "ADDR=" + freeAddress(t)}, bad.settings)...)
		line := strings.TrimSpace(ended.stderr)
		if ended.exit == 0 || strings.Contains(line, "\n") {
			t.Errorf("%s: exit %d\n%s", name, ended.exit, line)
		}
		for _, word := range bad.says {
			if !strings.Contains(line, word) {
				t.Errorf("%s: lacks %q: %s", name, word, line)
			}
		}
		if strings.Contains(ended.stderr+ended.stdout, secret) {
			t.Errorf("%s: prints a secret: %s", name, line)
		}
	}
}

func TestASecondProcessOnTheSameFilesIsRefused(t *testing.T) {
	t.Parallel()
	settings := embedded(t)
	p := start(t, settings...)
	second := execute(t, "", append(settings, "ADDR="+freeAddress(t))...)
	line := strings.TrimSpace(second.stderr)
	if second.exit == 0 || strings.Contains(line, "\n") || !strings.Contains(line, "in use") || !strings.Contains(line, "DATA_DIR") {
		t.Errorf("exit %d\n%s", second.exit, second.stderr)
	}
	if status, _ := p.get("/readyz"); status != 200 {
		t.Errorf("the first is not ready any more: %d", status)
	}
	p.terminate()
}

func TestTheCommandsPrepareADatabaseThatTheProgramThenServes(t *testing.T) {
	t.Parallel()
	database := "DATABASE_URL=" + newEmptyDatabase(t)
	if version := execute(t, "version"); version.exit != 0 || !strings.HasPrefix(version.stdout, "productgenerator ") {
		t.Errorf("version: %+v", version)
	}
	if migrated := execute(t, "migrate", database); migrated.exit != 0 || migrated.stdout == "" {
		t.Fatalf("migrate: %+v", migrated)
	}
	for range 2 { // the second time there is nothing to do
		seeded := execute(t, "seed", database, "DEMO_PASSWORD="+password)
		if seeded.exit != 0 || !strings.Contains(seeded.stdout, demoEmail) {
			t.Fatalf("seed: %+v", seeded)
		}
	}
	p := start(t, database)
	demo := p.signIn(demoEmail, password)
	if balance := demo.readBalance(demo.team); balance.Available != 1_000 {
		t.Errorf("the demonstration starts with %+v", balance)
	}
	if unknown := execute(t, "conquer", database); unknown.exit == 0 {
		t.Errorf("an unknown command: %+v", unknown)
	}
}

func TestSeveralSeedAnEmptyDatabaseAtOnce(t *testing.T) {
	t.Parallel()
	const seeders = 4
	database := "DATABASE_URL=" + pgtest.NewDurableURL(t)
	if migrated := execute(t, "migrate", database); migrated.exit != 0 {
		t.Fatalf("migrate: %+v", migrated)
	}
	together(t, seeders, func(int) {
		if seeded := execute(t, "seed", database, "DEMO_PASSWORD="+password); seeded.exit != 0 {
			t.Errorf("seed: %+v", seeded)
		}
	})
	checkBooks(t, database)
}
