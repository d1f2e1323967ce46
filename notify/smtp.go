package notify

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// SMTP is a mail server and how to sign in there.
type SMTP struct {
	Host     string
	Port     int
	User     string // empty: without signing in
	Password string
	// TLS says that the connection is encrypted from its first byte. Otherwise STARTTLS is required, but of a server on
	// this machine, of which it is used if offered.
	TLS bool
}

// The ports of mail servers that name none.
const (
	submissionPort = 587
	smtpsPort      = 465
)

// ErrSMTPURL says that a text names no mail server as ParseSMTP reads it.
var ErrSMTPURL = errors.New("not of the form smtp://user:password@host:port or smtps://user:password@host:port")

// ParseSMTP reads a mail server's address, such as smtp://user:password@mail.example.com:587. User, password and port
// may be left out. It returns ErrSMTPURL.
func ParseSMTP(text string) (SMTP, error) {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || strings.Trim(u.Path, "/")+u.RawQuery+u.Fragment != "" {
		return SMTP{}, ErrSMTPURL
	}
	s := SMTP{Host: u.Hostname(), User: u.User.Username()}
	s.Password, _ = u.User.Password()
	switch u.Scheme {
	case "smtp":
		s.Port = submissionPort
	case "smtps":
		s.Port, s.TLS = smtpsPort, true
	default:
		return SMTP{}, ErrSMTPURL
	}
	if port := u.Port(); port != "" {
		if s.Port, err = strconv.Atoi(port); err != nil || s.Port < 1 || s.Port > 65535 {
			return SMTP{}, ErrSMTPURL
		}
	}
	if s.User == "" && s.Password != "" {
		return SMTP{}, ErrSMTPURL
	}
	return s, nil
}

// WithoutPassword is a mail server's address as it may be shown, also one that ParseSMTP refuses: what may be a password
// is left out.
func WithoutPassword(text string) string {
	u, err := url.Parse(text)
	switch {
	case err == nil && u.Host != "" && u.User == nil:
		return u.Scheme + "://" + u.Host
	case err == nil && u.Host != "":
		return u.Scheme + "://…@" + u.Host
	}
	scheme, _, found := strings.Cut(text, "://")
	if !found {
		return "…"
	}
	return scheme + "://…"
}

// isLocal says whether the server is on this machine.
func (s SMTP) isLocal() bool {
	address, err := netip.ParseAddr(s.Host)
	return s.Host == "localhost" || err == nil && address.IsLoopback()
}

// mailer gives e-mails to a mail server, each over a connection of its own.
type mailer struct {
	server SMTP
	from   mail.Address
	limit  time.Duration
	world  outside
}

// send gives an e-mail to the mail server. It returns a *failure, or ctx's error.
func (m *mailer) send(ctx context.Context, l letter) error {
	message, err := m.encode(l)
	if err != nil {
		return &failure{host: m.server.Host, reason: "the recipient's address is none", final: true}
	}
	client, err := m.client(ctx)
	if err != nil {
		return m.failed(err)
	}
	connection, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return m.failed(err)
	}
	err = client.SendWithSMTPClient(connection, message)
	if message.IsDelivered() {
		err = nil // the server has it, whatever it said when we took leave
	}
	if err != nil {
		_ = connection.Close() // the attempt has failed already
		return m.failed(err)
	}
	_ = client.CloseWithSMTPClient(connection)
	return nil
}

// encode makes the message out of a letter.
func (m *mailer) encode(l letter) (*gomail.Msg, error) {
	message := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	message.FromMailAddress(&m.from)
	if err := message.To(l.to); err != nil {
		return nil, err
	}
	_, domain, _ := strings.Cut(m.from.Address, "@")
	message.Subject(l.subject)
	message.SetMessageIDWithValue(l.key + "@" + domain)
	message.SetDateWithValue(l.date)
	message.SetGenHeader("X-Warning-Id", string(l.warning))
	message.SetGenHeader("Auto-Submitted", "auto-generated")
	message.SetGenHeader("X-Auto-Response-Suppress", "All")
	message.SetBodyString(gomail.TypeTextPlain, l.text)
	message.AddAlternativeString(gomail.TypeTextHTML, l.html)
	return message, nil
}

// client prepares a connection that ends with ctx at the latest.
func (m *mailer) client(ctx context.Context) (*gomail.Client, error) {
	encrypted := &tls.Config{ServerName: m.server.Host, RootCAs: m.world.roots, MinVersion: tls.VersionTLS12}
	policy := gomail.TLSMandatory
	if m.server.isLocal() {
		policy = gomail.TLSOpportunistic
	}
	if m.server.TLS {
		policy = gomail.NoTLS // there is TLS below it already
	}
	options := []gomail.Option{
		gomail.WithPort(m.server.Port), gomail.WithTimeout(m.limit), gomail.WithoutNoop(),
		gomail.WithTLSConfig(encrypted), gomail.WithTLSPolicy(policy),
		gomail.WithDialContextFunc(func(dialing context.Context, network, address string) (net.Conn, error) {
			connection, err := (&net.Dialer{Resolver: m.world.resolver}).DialContext(dialing, network, address)
			if err != nil {
				return nil, err
			}
			context.AfterFunc(ctx, func() { _ = connection.Close() })
			if !m.server.TLS {
				return connection, nil
			}
			secure := tls.Client(connection, encrypted)
			if err := secure.HandshakeContext(dialing); err != nil {
				_ = connection.Close()
				return nil, err
			}
			return secure, nil
		}),
	}
	if m.server.User != "" {
		options = append(options, gomail.WithUsername(m.server.User), gomail.WithPassword(m.server.Password),
			gomail.WithOpportunisticSMTPAuth(
				gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthPlain, gomail.SMTPAuthLogin, gomail.SMTPAuthCramMD5))
	}
	return gomail.NewClient(m.server.Host, options...)
}

// failed is the failure that an error of the mail server's means. What the server says of the recipient or of the
// message stays out of it: it repeats addresses.
func (m *mailer) failed(err error) error {
	f := &failure{host: m.server.Host, reason: oneLine(err.Error(), maxReason)}
	var sent *gomail.SendError
	if !errors.As(err, &sent) {
		return f
	}
	f.reason = sent.Reason.String()
	if code := sent.ErrorCode(); code > 0 {
		f.reason = fmt.Sprintf("%s: the mail server answered %d", f.reason, code)
		refused := sent.Reason == gomail.ErrSMTPRcptTo || sent.Reason == gomail.ErrSMTPData || sent.Reason == gomail.ErrSMTPDataClose
		f.final = refused && code >= 500
	}
	return f
}
