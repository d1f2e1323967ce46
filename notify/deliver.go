package notify

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"gorm.io/gorm"

	"productgenerator/models"
)

// errDropped says that whoever a delivery was for is not to get it any more.
var errDropped = errors.New("nobody is to get this any more")

// errNotSent says that an e-mail was logged, because no mail server is set.
var errNotSent = errors.New("no mail server is set")

// failure is why an attempt failed. It holds neither addresses of people nor anything secret.
type failure struct {
	host   string // that was asked
	reason string
	final  bool // another attempt would fail as well
}

func (f *failure) Error() string { return f.host + ": " + f.reason }

// Work makes one attempt. It returns an error where there shall be another one.
func (w *worker) Work(ctx context.Context, job *river.Job[Job]) error {
	n, channel := w.notifier, job.Args.channel()
	err := n.deliver(ctx, job.Args)
	switch {
	case err == nil:
		n.observe(channel, Delivered)
		return nil
	case errors.Is(err, errNotSent):
		n.observe(channel, NotSent)
		return nil
	case errors.Is(err, errDropped):
		n.observe(channel, Dropped)
		return nil
	case errors.Is(ctx.Err(), context.Canceled):
		return ctx.Err() // the process stops: handed back
	}
	what := []any{"warning", job.Args.Warning, "channel", channel, "attempt", job.Attempt}
	if failed := (*failure)(nil); errors.As(err, &failed) {
		what = append(what, "host", failed.host, "reason", failed.reason)
		if failed.final {
			n.observe(channel, GivenUp)
			n.log.Warn("a warning was not delivered and is not tried again", what...)
			return river.JobCancel(err)
		}
	} else {
		what = append(what, "reason", err)
	}
	if job.Attempt >= job.MaxAttempts {
		n.observe(channel, GivenUp)
		n.log.Warn("a warning was not delivered in any attempt", what...)
		return err
	}
	n.observe(channel, Failed)
	n.log.Warn("a warning was not delivered, it is tried again", what...)
	return err
}

// warning is a warning with what messages tell of its team.
type warning struct {
	models.LimitWarning
	teamName string
	zone     string // IANA name
}

// deliver makes one delivery, or returns a *failure, errDropped, errNotSent, or the database's error.
func (n *Notifier) deliver(ctx context.Context, job Job) error {
	row, err := gorm.G[models.LimitWarning](n.db).Where("id = ?", job.Warning).Take(ctx)
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return errDropped
	}
	if err != nil {
		return fmt.Errorf("read the warning: %w", err)
	}
	w := warning{LimitWarning: row}
	err = n.pool.QueryRow(ctx, `
SELECT t.name, b.time_zone
FROM teams t JOIN balances b ON b.team_id = t.id
WHERE t.id = $1`, string(w.TeamID)).Scan(&w.teamName, &w.zone)
	if err != nil {
		return fmt.Errorf("read the team: %w", err)
	}
	if job.channel() == ByWebhook {
		return n.request(ctx, w, job.Rule)
	}
	return n.mail(ctx, w, job.Recipient)
}

// request sends the warning to a rule's webhook.
func (n *Notifier) request(ctx context.Context, w warning, id models.AlertRuleID) error {
	rule, err := gorm.G[models.AlertRule](n.db).
		Where("id = ? AND team_id = ? AND enabled AND webhook_url IS NOT NULL", id, w.TeamID).Take(ctx)
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return errDropped
	}
	if err != nil {
		return fmt.Errorf("read the alert rule: %w", err)
	}
	body, err := bodyOf(w, n.describe(w.LimitWarning, w.zone, bodyLocale))
	if err != nil {
		return fmt.Errorf("write the request: %w", err)
	}
	return n.requester.post(ctx, request{
		url: *rule.WebhookURL, secret: *rule.WebhookSecret, id: w.ID, body: body, at: n.now(),
	})
}

// mail sends the warning to a person, who still has to belong to those who get it.
func (n *Notifier) mail(ctx context.Context, w warning, user models.UserID) error {
	to := recipient{id: user, member: w.MemberID != nil}
	var role models.TeamRole
	err := n.pool.QueryRow(ctx, `
SELECT u.email, u.locale, m.role
FROM memberships m JOIN users u ON u.id = m.user_id
WHERE m.team_id = $1 AND m.user_id = $2`, string(w.TeamID), string(user)).Scan(&to.address, &to.locale, &role)
	if errors.Is(err, pgx.ErrNoRows) {
		return errDropped
	}
	if err != nil {
		return fmt.Errorf("read the recipient: %w", err)
	}
	if !to.member && !role.Includes(models.RoleAdmin) {
		return errDropped
	}
	letter, err := n.writer.write(w, to, n.describe(w.LimitWarning, w.zone, to.locale))
	if err != nil {
		return fmt.Errorf("write the e-mail: %w", err)
	}
	if n.mailer == nil {
		n.log.Info("an e-mail was not sent: SMTP_URL is empty", "sent", false, "warning", w.ID, "kind", w.Kind,
			"team", w.TeamID, "recipient", user, "subject", letter.subject, "text", letter.sentence)
		return errNotSent
	}
	return n.mailer.send(ctx, letter)
}
