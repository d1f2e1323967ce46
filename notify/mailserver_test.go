package notify

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"net"
	"net/http/httptest"
	"net/mail"
	"net/textproto"
	"strings"
	"sync"
	"testing"
)

// posted is an e-mail that a mail server has taken.
type posted struct {
	from, to string // of the envelope
	user     string // who had signed in
	secure   bool
	message  *mail.Message
}

// mailServer speaks SMTP.
type mailServer struct {
	t           testing.TB
	listener    net.Listener
	certificate tls.Certificate
	roots       *x509.CertPool
	behaviour   behaviour
	serving     sync.WaitGroup

	mu          sync.Mutex // protects what follows
	connections map[net.Conn]bool
	closed      bool
	seen        map[string]int // how often each command came
	all         []posted
}

// behaviour is what a mail server does besides taking e-mails.
type behaviour struct {
	startTLS bool   // is offered
	tls      bool   // from the first byte
	password string // of everybody; empty: nobody signs in
	// refuse answers the nth command of that name (from 1; BODY is the end of a message) with something else than
	// usual, if refused is true; an empty answer cuts the connection.
	refuse func(command string, nth int) (answer string, refused bool)
}

func serveMail(t testing.TB, b behaviour) *mailServer {
	t.Helper()
	vouched := httptest.NewTLSServer(nil) // lends its certificate
	vouched.Close()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &mailServer{
		t: t, listener: listener, certificate: vouched.TLS.Certificates[0], roots: x509.NewCertPool(), behaviour: b,
		connections: map[net.Conn]bool{}, seen: map[string]int{},
	}
	s.roots.AddCert(vouched.Certificate())
	s.serving.Go(s.accept)
	t.Cleanup(s.close)
	return s
}

func (s *mailServer) close() {
	_ = s.listener.Close()
	s.mu.Lock()
	s.closed = true
	for connection := range s.connections {
		_ = connection.Close()
	}
	s.mu.Unlock()
	s.serving.Wait()
}

func (s *mailServer) accept() {
	for {
		connection, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.connections[connection] = true
		closed := s.closed
		s.mu.Unlock()
		if closed {
			_ = connection.Close()
		}
		s.serving.Go(func() {
			defer connection.Close()
			s.converse(connection)
		})
	}
}

// url is the server's address as a setting.
func (s *mailServer) url(user string) string {
	scheme := "smtp://"
	if s.behaviour.tls {
		scheme = "smtps://"
	}
	if user != "" {
		scheme += user + "@"
	}
	return scheme + s.listener.Addr().String()
}

// mails has a process use the server.
func (s *mailServer) mails(user string) func(*settings) {
	return func(o *settings) {
		server, err := ParseSMTP(s.url(user))
		if err != nil {
			s.t.Fatal(err)
		}
		o.Mail = &Mail{Server: server, From: mail.Address{Name: "Product Generator", Address: "no-reply@tokens.example.com"}}
		o.world.roots = s.roots
	}
}

// mailbox is what the server has taken so far.
func (s *mailServer) mailbox() []posted {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]posted(nil), s.all...)
}

// count is how often a command came.
func (s *mailServer) count(command string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen[command]
}

// hear counts a command and says how to answer it, if not as usual.
func (s *mailServer) hear(command string) (answer string, refused bool) {
	s.mu.Lock()
	s.seen[command]++
	nth := s.seen[command]
	s.mu.Unlock()
	if s.behaviour.refuse == nil {
		return "", false
	}
	return s.behaviour.refuse(command, nth)
}

// converse serves one connection.
func (s *mailServer) converse(connection net.Conn) {
	secured := &tls.Config{Certificates: []tls.Certificate{s.certificate}}
	current := posted{secure: s.behaviour.tls}
	if s.behaviour.tls {
		connection = tls.Server(connection, secured)
	}
	text := textproto.NewConn(connection)
	say := func(line string) bool { return line != "" && text.PrintfLine("%s", line) == nil }
	if !say("220 mail.example.com ESMTP") {
		return
	}
	for {
		line, err := text.ReadLine()
		if err != nil {
			return
		}
		command, argument, _ := strings.Cut(line, " ")
		command = strings.ToUpper(command)
		if answer, refused := s.hear(command); refused {
			if !say(answer) {
				return
			}
			continue
		}
		switch command {
		case "EHLO":
			err = text.PrintfLine("%s", strings.Join(s.extensions(current.secure), "\r\n"))
		case "STARTTLS":
			say("220 go ahead")
			connection = tls.Server(connection, secured)
			text, current.secure = textproto.NewConn(connection), true
		case "AUTH":
			user, signedIn := s.signIn(argument)
			current.user = user
			if !signedIn {
				say("535 5.7.8 no")
				continue
			}
			say("235 welcome")
		case "MAIL":
			current.from = between(argument, "<", ">")
			say("250 ok")
		case "RCPT":
			current.to = between(argument, "<", ">")
			say("250 ok")
		case "DATA":
			say("354 go on")
			current.message, err = mail.ReadMessage(strings.NewReader(readBody(text)))
			if err != nil {
				s.t.Errorf("a message that cannot be read: %v", err)
				return
			}
			answer, refused := s.hear("BODY")
			if !refused {
				s.mu.Lock()
				s.all = append(s.all, current)
				s.mu.Unlock()
				answer = "250 taken"
			}
			if !say(answer) {
				return
			}
		case "QUIT":
			say("221 bye")
			return
		default:
			say("250 ok")
		}
		if err != nil {
			return
		}
	}
}

func readBody(text *textproto.Conn) string {
	body, err := text.ReadDotBytes()
	if err != nil {
		return ""
	}
	return string(body)
}

func (s *mailServer) extensions(secure bool) []string {
	lines := []string{"250-mail.example.com"}
	if s.behaviour.startTLS && !secure {
		lines = append(lines, "250-STARTTLS")
	}
	if s.behaviour.password != "" {
		lines = append(lines, "250-AUTH PLAIN")
	}
	return append(lines, "250 8BITMIME")
}

// signIn reads the argument of AUTH PLAIN.
func (s *mailServer) signIn(argument string) (user string, ok bool) {
	decoded, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(argument, "PLAIN "))
	parts := strings.Split(string(decoded), "\x00")
	if err != nil || len(parts) != 3 {
		return "", false
	}
	return parts[1], parts[2] == s.behaviour.password
}

func between(text, open, shut string) string {
	_, text, _ = strings.Cut(text, open)
	text, _, _ = strings.Cut(text, shut)
	return text
}

// nth refuses the nth command of a name with an answer.
func nth(command string, which int, answer string) func(string, int) (string, bool) {
	return func(c string, n int) (string, bool) { return answer, c == command && n == which }
}

// always refuses every command of a name with an answer.
func always(command, answer string) func(string, int) (string, bool) {
	return func(c string, _ int) (string, bool) { return answer, c == command }
}
