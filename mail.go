package main

import (
	"net"
	"net/mail"
	"net/url"

	"productgenerator/notify"
)

// completeMail refuses a mail server or a sender that are none, and fills in the sender: whoever signs in at the server,
// if that is an address, else one at the program's own.
func (c *config) completeMail() error {
	var server notify.SMTP
	if c.SMTPURL != "" {
		var err error
		if server, err = notify.ParseSMTP(c.SMTPURL); err != nil {
			return settingError("SMTP_URL", notify.WithoutPassword(c.SMTPURL),
				"smtp://user:password@host:587 or smtps://user:password@host:465")
		}
	}
	if c.SMTPFrom == "" {
		c.SMTPFrom = "no-reply@" + mailDomain(c.PublicURL)
		if user, err := mail.ParseAddress(server.User); err == nil {
			c.SMTPFrom = user.Address
		}
	}
	if _, err := mail.ParseAddress(c.SMTPFrom); err != nil {
		return settingError("SMTP_FROM", c.SMTPFrom, "an e-mail address, such as Product Generator <no-reply@example.com>")
	}
	return nil
}

// mailDomain is the domain of addresses that belong to a web address.
func mailDomain(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || net.ParseIP(u.Hostname()) != nil {
		return "localhost"
	}
	return u.Hostname()
}

// mail is how e-mails are sent; nil: they are not. Both settings have been looked at before.
func (c *config) mail() *notify.Mail {
	server, err := notify.ParseSMTP(c.SMTPURL)
	if err != nil {
		return nil
	}
	from, err := mail.ParseAddress(c.SMTPFrom)
	if err != nil {
		return nil
	}
	if from.Name == "" {
		from.Name = "Product Generator"
	}
	return &notify.Mail{Server: server, From: *from}
}
