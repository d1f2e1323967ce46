package notify

import (
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/http"
	"net/mail"
	"slices"
	"strings"
	"testing"
	"time"

	"productgenerator/models"
)

// readMail reads an e-mail's subject and its two bodies.
func readMail(t *testing.T, message *mail.Message) (subject, text, html string) {
	t.Helper()
	subject, err := new(mime.WordDecoder).DecodeHeader(message.Header.Get("Subject"))
	if err != nil {
		t.Fatal(err)
	}
	_, parameters, err := mime.ParseMediaType(message.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	parts := map[string]string{}
	for reader := multipart.NewReader(message.Body, parameters["boundary"]); ; {
		part, err := reader.NextRawPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if encoding := part.Header.Get("Content-Transfer-Encoding"); encoding != "quoted-printable" {
			t.Fatalf("encoded as %s", encoding)
		}
		content, err := io.ReadAll(quotedprintable.NewReader(part))
		if err != nil {
			t.Fatal(err)
		}
		kind, _, _ := mime.ParseMediaType(part.Header.Get("Content-Type"))
		parts[kind] = strings.ReplaceAll(string(content), "\r\n", "\n")
	}
	return subject, parts["text/plain"], parts["text/html"]
}

func TestThoseWhoLeadATeamGetAnEmailEachInTheirLanguage(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	server := serveMail(t, behaviour{})
	tm := p.team("Zelte & Söhne")
	english, spanish := tm.seat(models.RoleOwner, "en"), tm.seat(models.RoleAdmin, "es")
	tm.seat(models.RoleMember, "en")
	tm.seat(models.RoleViewer, "en")
	tm.rule(models.MetricAvailableTokensBelow, true, "")
	p.process(server.mails(""))
	raised := tm.raise(func(w *models.LimitWarning) { w.Kind = models.WarningBalanceEmpty })
	p.settled()

	got := server.mailbox()
	slices.SortFunc(got, func(a, b posted) int { return strings.Compare(a.to, b.to) })
	if len(got) != 2 || got[0].to != addressOf(english) || got[1].to != addressOf(spanish) {
		t.Fatalf("got %v", got)
	}
	for i, want := range []struct{ subject, locale, link, why string }{
		{"Zelte & Söhne: there are no tokens left", "en", "Open Product Generator", "administer"},
		{"Zelte & Söhne: no quedan tokens", "es", "Abrir Product Generator", "administra"},
	} {
		header := got[i].message.Header
		if got[i].from != "no-reply@tokens.example.com" || header.Get("From") != `"Product Generator" <no-reply@tokens.example.com>` {
			t.Errorf("from %s, %s", got[i].from, header.Get("From"))
		}
		if header.Get("X-Warning-Id") != string(raised.ID) || header.Get("Auto-Submitted") != "auto-generated" {
			t.Errorf("headers %v", header)
		}
		if sent, err := header.Date(); err != nil || sent.Unix() != raised.RaisedAt.Unix() {
			t.Errorf("dated %s", header.Get("Date"))
		}
		subject, text, html := readMail(t, got[i].message)
		if subject != want.subject {
			t.Errorf("subject %q", subject)
		}
		sentence := describe(raised, "Europe/Madrid", want.locale)
		for _, part := range []string{sentence, want.link, want.why, "https://tokens.example.com/", string(raised.ID)} {
			if !strings.Contains(text, part) {
				t.Errorf("the text lacks %q:\n%s", part, text)
			}
		}
		escaped := strings.NewReplacer("<", "&lt;", ">", "&gt;").Replace(sentence)
		for _, part := range []string{`lang="` + want.locale + `"`, "Zelte &amp; Söhne", escaped, `href="https://tokens.example.com/"`} {
			if !strings.Contains(html, part) {
				t.Errorf("the page lacks %q:\n%s", part, html)
			}
		}
	}
	first, second := got[0].message.Header.Get("Message-ID"), got[1].message.Header.Get("Message-ID")
	if first != "<"+string(raised.ID)+"."+string(english)+"@tokens.example.com>" || first == second {
		t.Errorf("Message-ID: %s and %s", first, second)
	}
}

func TestATeamsNameCannotAddHeaders(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	server := serveMail(t, behaviour{})
	tm := p.team("Tents\r\nBcc: mallory@example.com\r\n\r\nHello\u2028\x1b" + strings.Repeat("ñ", 300))
	owner := tm.seat(models.RoleOwner, "en")
	tm.rule(models.MetricDailyLimitPercentUsed, true, "")
	p.process(server.mails(""))
	tm.raise(nil)
	p.settled()
	got := server.mailbox()
	if len(got) != 1 || server.count("RCPT") != 1 || got[0].to != addressOf(owner) {
		t.Fatalf("got %v", got)
	}
	subject, _, _ := readMail(t, got[0].message)
	if got[0].message.Header.Get("Bcc") != "" || !strings.HasPrefix(subject, "Tents Bcc: mallory@example.com Hello ñ") || len(subject) > 200 {
		t.Errorf("headers %v, subject %q", got[0].message.Header, subject)
	}
}

func TestWhatAMemberHasUsedUpIsToldToTheMemberAlone(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	server := serveMail(t, behaviour{})
	tm := p.team("Team")
	tm.seat(models.RoleOwner, "en")
	member := tm.seat(models.RoleMember, "es")
	tm.rule(models.MetricDailyLimitPercentUsed, true, "")
	p.process(server.mails(""))
	tm.raise(func(w *models.LimitWarning) { w.Kind, w.MemberID = models.WarningMemberLimitReached, &member })
	p.settled()
	got := server.mailbox()
	if len(got) != 1 || got[0].to != addressOf(member) {
		t.Fatalf("got %v", got)
	}
	if subject, text, _ := readMail(t, got[0].message); !strings.Contains(subject, "su propio límite") || !strings.Contains(text, "su propio límite en este equipo") {
		t.Errorf("%s\n%s", subject, text)
	}
}

func TestWhoHasLeftMeanwhileGetsNothing(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	server := serveMail(t, behaviour{refuse: func(c string, n int) (string, bool) { return "451 later", c == "RCPT" && n <= 6 }})
	tm := p.team("Team")
	gone, lowered, stays := tm.seat(models.RoleAdmin, "en"), tm.seat(models.RoleAdmin, "en"), tm.seat(models.RoleOwner, "en")
	tm.rule(models.MetricDailyLimitPercentUsed, true, "")
	proc := p.process(func(s *settings) {
		server.mails("")(s)
		s.timing.firstRetry, s.timing.lastRetry = 200*time.Millisecond, 200*time.Millisecond
	})
	tm.raise(nil)
	await(t, "all were tried", func() bool { return proc.counted(Failed) >= 3 })
	p.exec(`DELETE FROM memberships WHERE user_id = $1`, gone)
	p.exec(`UPDATE memberships SET role = 'MEMBER' WHERE user_id = $1`, lowered)
	p.settled()
	if got := server.mailbox(); len(got) != 1 || got[0].to != addressOf(stays) || proc.counted(Dropped) != 2 {
		t.Errorf("got %v, counted %v", got, proc.outcomes)
	}
}

func TestAMailServerThatRefusesIsAskedAgainUnlessForGood(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		behaviour behaviour
		taken     int // e-mails
		asked     int // for the recipient
		says      string
	}{
		"the recipient, for now":      {behaviour{refuse: nth("RCPT", 1, "451 4.3.0 later")}, 1, 2, "451"},
		"the recipient, for good":     {behaviour{refuse: always("RCPT", "550 5.1.1 no such user")}, 0, 1, "550"},
		"the message, for now":        {behaviour{refuse: nth("BODY", 1, "452 4.2.2 full")}, 1, 2, "452"},
		"the message, for good":       {behaviour{refuse: always("BODY", "554 5.6.0 spam")}, 0, 1, "554"},
		"the sender":                  {behaviour{refuse: nth("MAIL", 1, "553 not you")}, 1, 1, "553"},
		"everybody":                   {behaviour{refuse: func(c string, n int) (string, bool) { return "421 busy", n == 1 && strings.HasSuffix(c, "LO") }}, 1, 1, "421"},
		"by cutting in between":       {behaviour{refuse: nth("RCPT", 1, "")}, 1, 2, "RCPT"},
		"by cutting before it says":   {behaviour{refuse: nth("BODY", 1, "")}, 1, 2, "DATA"},
		"leave, after it has taken":   {behaviour{refuse: always("QUIT", "")}, 1, 1, ""},
		"a reset, after it has taken": {behaviour{refuse: always("RSET", "")}, 1, 1, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlatform(t)
			server := serveMail(t, c.behaviour)
			tm := p.team("Team")
			owner := tm.seat(models.RoleOwner, "en")
			tm.rule(models.MetricDailyLimitPercentUsed, true, "")
			proc := p.process(server.mails(""))
			tm.raise(nil)
			p.settled()
			if taken, asked := len(server.mailbox()), server.count("RCPT"); taken != c.taken || asked != c.asked {
				t.Errorf("%d e-mails were taken, %d recipients named; want %d and %d", taken, asked, c.taken, c.asked)
			}
			said := proc.log.String()
			if !strings.Contains(said, c.says) || (c.says == "") != (said == "") || strings.Contains(said, string(owner)) {
				t.Errorf("logged\n%s", said)
			}
		})
	}
}

func TestAnEmailThatIsRepeatedIsRecognisable(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	server := serveMail(t, behaviour{})
	tm := p.team("Team")
	tm.seat(models.RoleOwner, "en")
	tm.rule(models.MetricDailyLimitPercentUsed, true, "")
	p.process(server.mails(""))
	tm.raise(nil)
	p.settled()
	p.exec(`UPDATE limit_warnings SET dispatched_at = NULL`) // as if a crash had undone what was known of it
	await(t, "it came twice", func() bool { return len(server.mailbox()) == 2 })
	p.settled()
	got := server.mailbox()
	first, second := got[0].message.Header, got[1].message.Header
	for _, name := range []string{"Message-Id", "X-Warning-Id", "Date", "Subject"} {
		if first.Get(name) == "" || first.Get(name) != second.Get(name) {
			t.Errorf("%s: %q and %q", name, first.Get(name), second.Get(name))
		}
	}
}

func TestEmailsAreEncryptedAndSignedInFor(t *testing.T) {
	t.Parallel()
	for name, b := range map[string]behaviour{
		"by STARTTLS": {startTLS: true, password: "hush"},
		"by smtps":    {tls: true, password: "hush"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlatform(t)
			server := serveMail(t, b)
			tm := p.team("Team")
			tm.seat(models.RoleOwner, "en")
			tm.rule(models.MetricDailyLimitPercentUsed, true, "")
			p.process(server.mails("ada:hush"))
			tm.raise(nil)
			p.settled()
			if got := server.mailbox(); len(got) != 1 || !got[0].secure || got[0].user != "ada" {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestAWrongPasswordIsTriedAgainAndNotLogged(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	server := serveMail(t, behaviour{startTLS: true, password: "right"})
	tm := p.team("Team")
	tm.seat(models.RoleOwner, "en")
	tm.rule(models.MetricDailyLimitPercentUsed, true, "")
	proc := p.process(server.mails("ada:hush"))
	tm.raise(nil)
	await(t, "it was tried again", func() bool { return proc.counted(Failed) >= 2 })
	if said := proc.log.String(); !strings.Contains(said, "535") || strings.Contains(said, "hush") {
		t.Errorf("logged\n%s", said)
	}
}

func TestAMailServerElsewhereMustEncrypt(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		offered bool
		taken   int
	}{
		"and does":     {true, 1},
		"and does not": {false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlatform(t)
			server := serveMail(t, behaviour{startTLS: c.offered})
			tm := p.team("Team")
			tm.seat(models.RoleOwner, "en")
			tm.rule(models.MetricDailyLimitPercentUsed, true, "")
			names := resolve(t, "127.0.0.1")
			proc := p.process(func(s *settings) {
				server.mails("")(s)
				s.Mail.Server.Host = "example.com"
				s.world.resolver = names
			})
			tm.raise(nil)
			await(t, "it was tried", func() bool { return proc.counted(Failed)+proc.counted(Delivered) > 0 })
			if got := server.mailbox(); len(got) != c.taken || len(got) > 0 && !got[0].secure {
				t.Errorf("got %v", got)
			}
			if server.count("MAIL") != c.taken {
				t.Error("an e-mail was begun without encryption")
			}
		})
	}
}

func TestWithoutAMailServerEmailsAreLoggedAsNotSent(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	tm := p.team("Team")
	owner := tm.seat(models.RoleOwner, "en")
	tm.rule(models.MetricDailyLimitPercentUsed, true, "")
	proc := p.process(nil)
	raised := tm.raise(nil)
	p.settled()
	said := proc.log.String()
	for _, part := range []string{"level=INFO", "sent=false", string(raised.ID), "the daily limit is reached"} {
		if !strings.Contains(said, part) {
			t.Errorf("the log lacks %q:\n%s", part, said)
		}
	}
	if strings.Contains(said, addressOf(owner)) || proc.counted(NotSent) != 1 {
		t.Errorf("counted %v, logged\n%s", proc.outcomes, said)
	}
}

func TestWebhooksThatHangKeepNoEmailWaiting(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	server := serveMail(t, behaviour{})
	hung := make(chan struct{}, 2*maxRequests)
	rec := receivePlain(t, func(_ int, _ http.ResponseWriter, r *http.Request) {
		hung <- struct{}{}
		<-r.Context().Done()
	})
	tm := p.team("Team")
	tm.rule(models.MetricAvailableTokensBelow, false, rec.URL)
	for range 2 * maxRequests {
		tm.raise(func(w *models.LimitWarning) { w.Kind = models.WarningBalanceEmpty })
	}
	p.process(func(s *settings) {
		server.mails("")(s)
		s.timing.grace = time.Millisecond
	})
	for range maxRequests {
		<-hung
	}
	tm.seat(models.RoleOwner, "en")
	tm.rule(models.MetricDailyLimitPercentUsed, true, "")
	tm.raise(nil)
	await(t, "the e-mail is there", func() bool { return len(server.mailbox()) == 1 })
}

func TestAllKindsHaveWordsInBothLanguages(t *testing.T) {
	for _, locale := range []string{"en", "es"} {
		words := wordsIn(locale)
		for _, kind := range []models.LimitWarningKind{
			models.WarningDailyLimitNear, models.WarningDailyLimitReached, models.WarningBalanceLow, models.WarningBalanceEmpty,
			models.WarningGrantExpiring, models.WarningMemberLimitNear, models.WarningMemberLimitReached, models.WarningTopUpPaused,
		} {
			if words.language != locale || words.kinds[kind] == "" {
				t.Errorf("%s has no words for %s", locale, kind)
			}
		}
	}
}

func TestMailServersAsTheyAreWritten(t *testing.T) {
	for text, want := range map[string]SMTP{
		"smtp://mail.example.com":                       {Host: "mail.example.com", Port: 587},
		"smtp://mail.example.com:25/":                   {Host: "mail.example.com", Port: 25},
		"smtps://mail.example.com":                      {Host: "mail.example.com", Port: 465, TLS: true},
		"smtp://ada:hu%40sh@mail.example.com:2525":      {Host: "mail.example.com", Port: 2525, User: "ada", Password: "hu@sh"},
		"smtp://ada%40example.com:hush@[::1]:2525":      {Host: "::1", Port: 2525, User: "ada@example.com", Password: "hush"},
		"smtps://ada@example.com:hush@mail.example.com": {Host: "mail.example.com", Port: 465, User: "ada@example.com", Password: "hush", TLS: true},
	} {
		if got, err := ParseSMTP(text); err != nil || got != want {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
	for text, shown := range map[string]string{
		"":                                  "…",
		"mail.example.com:587":              "…",
		"ada:hush@mail.example.com":         "…",
		"http://mail.example.com":           "http://mail.example.com",
		"http://ada:hush@mail.example.com":  "http://…@mail.example.com",
		"smtp://":                           "smtp://…",
		"smtp://ada:hush":                   "smtp://…",
		"smtp://mail.example.com:0":         "smtp://mail.example.com:0",
		"smtp://mail.example.com:70000":     "smtp://mail.example.com:70000",
		"smtp://mail.example.com?tls=no":    "smtp://mail.example.com",
		"smtp://mail.example.com/hush":      "smtp://mail.example.com",
		"smtp://:hush@mail.example.com":     "smtp://…@mail.example.com",
		"smtp://ada:hu%sh@mail.example.com": "smtp://…",
	} {
		if got, err := ParseSMTP(text); err == nil {
			t.Errorf("%s: %+v", text, got)
		}
		if got := WithoutPassword(text); got != shown {
			t.Errorf("%s is shown as %s", text, got)
		}
	}
}
