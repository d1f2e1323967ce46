package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"productgenerator/auth"
)

// config is every setting of the program. Each is an environment variable; .env.example lists them.
type config struct {
	Addr        string `env:"ADDR" default:"127.0.0.1:8080" help:"Where it listens."`
	DatabaseURL string `env:"DATABASE_URL" help:"A PostgreSQL to use; empty: an embedded one."`
	DataDir     string `env:"DATA_DIR" default:"./data" help:"The embedded database's files."`
	PGBin       string `env:"PGBIN" help:"Where PostgreSQL's binaries are, if not where they usually are."`
	PublicURL   string `env:"PUBLIC_URL" help:"What links, cookies and the origin check use; from ADDR if empty."`

	AdminEmail    string `env:"ADMIN_EMAIL" help:"This account exists and is a platform administrator."`
	AdminPassword string `env:"ADMIN_PASSWORD" help:"The administrator's password."`
	SeedDemo      *bool  `env:"SEED_DEMO" help:"The demonstration team; true with the embedded database, else false."`
	DemoPassword  string `env:"DEMO_PASSWORD" help:"The demonstration's password; empty: a random one, printed at the start."`
	WelcomeTokens int64  `env:"WELCOME_TOKENS" default:"195" help:"What a user's first team starts with."`
	FeedCurrency  string `env:"FEED_CURRENCY" default:"USD" help:"The currency of imported prices that name none."`

	TextProviders  []string `env:"TEXT_PROVIDERS" help:"openai, local, noop; in order of preference."`
	ImageProviders []string `env:"IMAGE_PROVIDERS" help:"brave, openverse, local, noop; in order of preference."`
	PriceProviders []string `env:"PRICE_PROVIDERS" help:"serpapi, ebay, local, noop; in order of preference."`
	FactProviders  []string `env:"FACT_PROVIDERS" help:"wikipedia, local, noop; in order of preference."`

	OpenAIKey        string        `env:"OPENAI_API_KEY"`
	OpenAIBaseURL    string        `env:"OPENAI_BASE_URL" default:"https://api.openai.com/v1"`
	OpenAIModel      string        `env:"OPENAI_MODEL" default:"gpt-5-mini"`
	BraveKey         string        `env:"BRAVE_API_KEY"`
	BraveBaseURL     string        `env:"BRAVE_BASE_URL"`
	OpenverseBaseURL string        `env:"OPENVERSE_BASE_URL"`
	SerpAPIKey       string        `env:"SERPAPI_API_KEY"`
	SerpAPIBaseURL   string        `env:"SERPAPI_BASE_URL"`
	EBayClientID     string        `env:"EBAY_CLIENT_ID"`
	EBayClientSecret string        `env:"EBAY_CLIENT_SECRET"`
	EBayBaseURL      string        `env:"EBAY_BASE_URL"`
	WikipediaBaseURL string        `env:"WIKIPEDIA_BASE_URL" default:"https://{lang}.wikipedia.org"`
	LocalPace        time.Duration `env:"LOCAL_PACE" default:"40ms" help:"The pause between the sentences that the local writer shows."`

	SMTPURL             string `env:"SMTP_URL" help:"The mail server for e-mails; empty: they are logged, marked as not sent."`
	SMTPFrom            string `env:"SMTP_FROM" help:"Whom e-mails come from."`
	WebhookAllowPrivate bool   `env:"WEBHOOK_ALLOW_PRIVATE" default:"false" help:"Whether webhooks may go to private addresses."`

	StripeKey            string   `env:"STRIPE_SECRET_KEY" help:"Stripe's secret or restricted key; empty: purchases are paid by invoice."`
	StripeWebhookSecrets []string `env:"STRIPE_WEBHOOK_SECRET" help:"The webhook endpoint's signing secret; two of them while it is rolled."`
	StripeAPIBase        string   `env:"STRIPE_API_BASE" help:"Where Stripe answers, if not at its own address."`
	StripeAutomaticTax   bool     `env:"STRIPE_AUTOMATIC_TAX" default:"false" help:"Whether Stripe works out the tax that prices include."`
	InvoiceDetails       string   `env:"INVOICE_DETAILS" help:"How to pay an invoice: shown with unpaid ones."`

	Workers   int        `env:"WORKERS" default:"32" help:"How many generations this process runs at once; 0: none."`
	LogFormat string     `env:"LOG_FORMAT" help:"text or json; text on a terminal, else json."`
	LogLevel  slog.Level `env:"LOG_LEVEL" default:"info" help:"debug, info, warn or error."`

	Serve   struct{} `cmd:"" default:"1" help:"Serve (what it does without a command)."`
	Migrate struct{} `cmd:"" help:"Bring the database's schema up to date."`
	Check   struct{} `cmd:"" help:"Check every rule that the books must obey."`
	Seed    struct {
		Lines int64 `placeholder:"N" help:"Make up a team with a year behind it instead, of about N ledger lines, for measurements."`
	} `cmd:"" help:"Create the demonstration team, or with --lines=N a team with a year of history."`
	Version struct{} `cmd:"" help:"Print the version."`
}

// readConfig reads the settings and the command out of arguments and environment.
func readConfig(args []string) (*config, string, error) {
	c := &config{}
	parser, err := kong.New(c, kong.Name("productgenerator"), kong.Description("Product content for e-commerce, paid by tokens."))
	if err != nil {
		return nil, "", err
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		return nil, "", unreadable(parser, err)
	}
	if err := c.complete(); err != nil {
		return nil, "", err
	}
	return c, parsed.Command(), nil
}

// unreadable is the error about the setting that could not be read as what it is: a number, a duration. Texts always can,
// so that no secret is among them.
func unreadable(parser *kong.Kong, err error) error {
	for _, flag := range parser.Model.Flags {
		for _, name := range flag.Envs {
			value := os.Getenv(name)
			if value == "" {
				continue
			}
			tokens := kong.ScanFromTokens(kong.Token{Type: kong.FlagValueToken, Value: value})
			if flag.Parse(tokens, reflect.New(flag.Target.Type()).Elem()) != nil {
				return settingError(name, value, readable(flag.Target.Interface()))
			}
		}
	}
	return fmt.Errorf("settings: %w", err)
}

// readable says what a setting of that type is written as.
func readable(setting any) string {
	switch setting.(type) {
	case bool, *bool:
		return "true or false"
	case time.Duration:
		return "a duration, such as 40ms"
	case slog.Level:
		return "debug, info, warn or error"
	default:
		return "a whole number"
	}
}

// settingError names a setting, its value and what is expected. Values of secrets are left out by who makes it.
func settingError(name, value, expected string) error {
	return fmt.Errorf("%s is %q: expected %s", name, value, expected)
}

// complete fills in what follows from other settings, and refuses what cannot work.
func (c *config) complete() error {
	host, port, err := net.SplitHostPort(c.Addr)
	if err != nil {
		return settingError("ADDR", c.Addr, "host:port, such as 127.0.0.1:8080")
	}
	if c.PublicURL == "" {
		if host == "" || net.ParseIP(host).IsUnspecified() {
			host = "localhost"
		}
		c.PublicURL = "http://" + net.JoinHostPort(host, port)
	}
	if !isWebAddress(c.PublicURL) {
		return settingError("PUBLIC_URL", c.PublicURL, "an http or https address, such as https://tokens.example.com")
	}
	if err := c.checkAccounts(); err != nil {
		return err
	}
	if c.WelcomeTokens < 0 || c.WelcomeTokens > 1<<53 {
		return settingError("WELCOME_TOKENS", fmt.Sprint(c.WelcomeTokens), "0 or more")
	}
	if len(c.FeedCurrency) != 3 || strings.ToUpper(c.FeedCurrency) != c.FeedCurrency {
		return settingError("FEED_CURRENCY", c.FeedCurrency, "an ISO 4217 code, such as EUR")
	}
	if c.Workers < 0 {
		return settingError("WORKERS", fmt.Sprint(c.Workers), "0 or more")
	}
	if !slices.Contains([]string{"", "text", "json"}, c.LogFormat) {
		return settingError("LOG_FORMAT", c.LogFormat, "text or json")
	}
	if c.SeedDemo == nil {
		embedded := c.DatabaseURL == ""
		c.SeedDemo = &embedded
	}
	if err := c.completeMail(); err != nil {
		return err
	}
	if err := c.completePayments(); err != nil {
		return err
	}
	return c.completeProviders()
}

// passwordExpected is what a password has to be.
const passwordExpected = "8 to 200 characters, not the e-mail address"

// checkAccounts refuses accounts that could not be made.
func (c *config) checkAccounts() error {
	if c.DemoPassword != "" && auth.CheckPassword(c.DemoPassword, demoEmail) != nil {
		return errors.New("DEMO_PASSWORD is not usable: expected " + passwordExpected)
	}
	if c.AdminEmail == "" {
		return nil
	}
	if _, err := auth.NormalizeEmail(c.AdminEmail); err != nil {
		return settingError("ADMIN_EMAIL", c.AdminEmail, "an e-mail address")
	}
	if c.AdminPassword == "" {
		return fmt.Errorf("ADMIN_PASSWORD is missing: expected a password for %s", c.AdminEmail)
	}
	if auth.CheckPassword(c.AdminPassword, c.AdminEmail) != nil {
		return errors.New("ADMIN_PASSWORD is not usable: expected " + passwordExpected)
	}
	return nil
}

// completeProviders puts the providers that have a key before the local ones, where no order is set.
func (c *config) completeProviders() error {
	preferred := func(set []string, candidates ...string) []string {
		if len(set) > 0 {
			return set
		}
		return append(slices.DeleteFunc(candidates, func(name string) bool { return name == "" }), "local")
	}
	when := func(has bool, name string) string {
		if has {
			return name
		}
		return ""
	}
	c.TextProviders = preferred(c.TextProviders, when(c.OpenAIKey != "", "openai"))
	c.ImageProviders = preferred(c.ImageProviders, when(c.BraveKey != "", "brave"))
	c.PriceProviders = preferred(c.PriceProviders, when(c.SerpAPIKey != "", "serpapi"), when(c.EBayClientID != "", "ebay"))
	c.FactProviders = preferred(c.FactProviders)
	for _, setting := range []struct {
		name    string
		chosen  []string
		allowed []string
	}{
		{"TEXT_PROVIDERS", c.TextProviders, []string{"openai", "local", "noop"}},
		{"IMAGE_PROVIDERS", c.ImageProviders, []string{"brave", "openverse", "local", "noop"}},
		{"PRICE_PROVIDERS", c.PriceProviders, []string{"serpapi", "ebay", "local", "noop"}},
		{"FACT_PROVIDERS", c.FactProviders, []string{"wikipedia", "local", "noop"}},
	} {
		for _, name := range setting.chosen {
			if !slices.Contains(setting.allowed, name) {
				return settingError(setting.name, name, "some of "+strings.Join(setting.allowed, ", "))
			}
		}
	}
	for _, key := range []struct {
		provider, setting, value string // OpenAI: servers of one's own may want no key
		chosen                   []string
	}{
		{"openai", "OPENAI_API_KEY", c.OpenAIKey + strings.TrimPrefix(c.OpenAIBaseURL, officialOpenAI), c.TextProviders},
		{"brave", "BRAVE_API_KEY", c.BraveKey, c.ImageProviders},
		{"serpapi", "SERPAPI_API_KEY", c.SerpAPIKey, c.PriceProviders},
		{"ebay", "EBAY_CLIENT_ID", c.EBayClientID, c.PriceProviders},
		{"ebay", "EBAY_CLIENT_SECRET", c.EBayClientSecret, c.PriceProviders},
	} {
		if slices.Contains(key.chosen, key.provider) && key.value == "" {
			return fmt.Errorf("%s is missing: expected the key of the chosen provider %s", key.setting, key.provider)
		}
	}
	return c.checkAddresses()
}

// checkAddresses refuses addresses of providers that are none.
func (c *config) checkAddresses() error {
	for _, address := range []struct{ setting, value string }{
		{"OPENAI_BASE_URL", c.OpenAIBaseURL},
		{"BRAVE_BASE_URL", c.BraveBaseURL},
		{"OPENVERSE_BASE_URL", c.OpenverseBaseURL},
		{"SERPAPI_BASE_URL", c.SerpAPIBaseURL},
		{"EBAY_BASE_URL", c.EBayBaseURL},
		{"WIKIPEDIA_BASE_URL", strings.ReplaceAll(c.WikipediaBaseURL, "{lang}", "en")},
	} {
		if address.value != "" && !isWebAddress(address.value) {
			return settingError(address.setting, address.value, "an http or https address")
		}
	}
	return nil
}

// isWebAddress says whether the text is an http or https address.
func isWebAddress(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https")
}

// logger writes to standard error in the format that suits who reads it.
func (c *config) logger() *slog.Logger {
	options := &slog.HandlerOptions{Level: c.LogLevel}
	if c.LogFormat == "text" || c.LogFormat == "" && isTerminal(os.Stderr) {
		return slog.New(slog.NewTextHandler(os.Stderr, options))
	}
	return slog.New(slog.NewJSONHandler(os.Stderr, options))
}

func isTerminal(file *os.File) bool {
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
