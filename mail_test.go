package main

import (
	"strings"
	"testing"
)

func TestTheSenderOfEmails(t *testing.T) {
	for _, c := range []struct{ server, from, public, want string }{
		{"smtp://mail.example.com", "", "https://tokens.example.com/app", `"Product Generator" <no-reply@tokens.example.com>`},
		{"smtp://ada:hush@mail.example.com", "", "http://[::1]:8080", `"Product Generator" <no-reply@localhost>`},
		{"smtp://ada%40example.com:hush@mail.example.com", "", "https://tokens.example.com", `"Product Generator" <ada@example.com>`},
		{"smtp://ada%40example.com:hush@mail.example.com", "bob@example.com", "https://tokens.example.com", `"Product Generator" <bob@example.com>`},
		{"smtp://mail.example.com", "Zelte <bob@example.com>", "https://tokens.example.com", `"Zelte" <bob@example.com>`},
	} {
		settings := &config{SMTPURL: c.server, SMTPFrom: c.from, PublicURL: c.public}
		if err := settings.completeMail(); err != nil {
			t.Errorf("%s: %v", c.server, err)
			continue
		}
		if got := settings.mail().From.String(); got != c.want {
			t.Errorf("%s, %s: from %s, want %s", c.server, c.from, got, c.want)
		}
	}
	settings := &config{PublicURL: "https://tokens.example.com"}
	if err := settings.completeMail(); err != nil || settings.mail() != nil {
		t.Errorf("without a server: %v", err)
	}
}

func TestAMailServerThatIsNoneIsNamedWithoutItsPassword(t *testing.T) {
	for _, c := range []struct{ server, from, names string }{
		{"mail.example.com", "", "SMTP_URL"},
		{"smtp://ada:hush@mail.example.com:mail", "", "SMTP_URL"},
		{"imap://ada:hush@mail.example.com", "", "SMTP_URL"},
		{"smtp://mail.example.com", "nobody", "SMTP_FROM"},
	} {
		err := (&config{SMTPURL: c.server, SMTPFrom: c.from, PublicURL: "https://tokens.example.com"}).completeMail()
		if err == nil || !strings.HasPrefix(err.Error(), c.names) || !strings.Contains(err.Error(), "expected") ||
			strings.Contains(err.Error(), "hush") {
			t.Errorf("%s, %s: %v", c.server, c.from, err)
		}
	}
}
