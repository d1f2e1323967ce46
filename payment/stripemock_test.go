package payment_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"productgenerator/payment"
)

// stripeMock is the version of Stripe's own mock that knows the API as the library speaks it.
const stripeMock = "github.com/stripe/stripe-mock@v0.203.0"

// startStripeMock installs and starts it. It is skipped where it cannot be fetched.
func startStripeMock(t *testing.T) (base string) {
	t.Helper()
	binary := filepath.Join(installStripeMock(t), "stripe-mock")
	port := freePort(t)
	ctx, cancel := context.WithCancel(context.Background())
	server := exec.CommandContext(ctx, binary, "-http-addr", port)
	server.Cancel = func() error { return server.Process.Signal(os.Interrupt) }
	server.WaitDelay = 5 * time.Second
	output := must[io.ReadCloser](t)(server.StdoutPipe())
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	listening := make(chan struct{})
	ended := make(chan struct{})
	go func() { // ends with the process, which closes its output
		defer close(ended)
		lines := bufio.NewScanner(output)
		for told := false; lines.Scan(); {
			if !told && strings.Contains(lines.Text(), "Listening for HTTP") {
				told = true
				close(listening)
			}
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
		_ = server.Wait() // it was interrupted
	})
	select {
	case <-listening:
	case <-ended:
		t.Fatal("stripe-mock ended at once")
	case <-time.After(time.Minute):
		t.Fatal("stripe-mock does not listen")
	}
	return "http://" + port
}

// installStripeMock builds it into a folder of the test's. Go's caches make it quick from the second time on.
func installStripeMock(t *testing.T) (folder string) {
	t.Helper()
	folder = t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	install := exec.CommandContext(ctx, "go", "install", stripeMock)
	install.Env = append(os.Environ(), "GOBIN="+folder, "GOFLAGS=", "GOOS=", "GOARCH=")
	install.Dir = folder // outside of any module
	if output, err := install.CombinedOutput(); err != nil {
		t.Skipf("%s cannot be installed from the module proxy, so Stripe's own checks were not asked: %v\n%s", stripeMock, err, output)
	}
	return folder
}

func freePort(t *testing.T) string {
	t.Helper()
	listener := must[net.Listener](t)(net.Listen("tcp", "127.0.0.1:0"))
	defer listener.Close()
	return listener.Addr().String()
}

// TestStripeMockAcceptsEveryRequest asks Stripe's own description of its API about every request that the client
// makes. stripe-mock refuses unknown parameters and wrong types, remembers nothing and answers with examples.
func TestStripeMockAcceptsEveryRequest(t *testing.T) {
	if testing.Short() {
		t.Skip("installs stripe-mock")
	}
	base := startStripeMock(t)
	client := newClient(t, base)
	taxing := must[*payment.Stripe](t)(payment.NewStripe(payment.StripeConfig{
		SecretKey: secretKey, WebhookSecrets: []string{webhookSecret}, APIBase: base, AutomaticTax: true, Now: noon,
	}))
	t.Cleanup(taxing.Close)
	ctx := t.Context()
	since := noon().Add(-72 * time.Hour)

	plain, saving, known := checkout("p1"), checkout("p2"), checkout("p3")
	saving.SaveMethod = true
	known.SaveMethod, known.Customer = true, "cus_1"
	anonymous := checkout("p4")
	anonymous.Email = ""
	for name, call := range map[string]func() error{
		"checkout":                   func() error { _, err := client.StartCheckout(ctx, plain); return err },
		"checkout that saves":        func() error { _, err := client.StartCheckout(ctx, saving); return err },
		"checkout of a customer":     func() error { _, err := client.StartCheckout(ctx, known); return err },
		"checkout without an e-mail": func() error { _, err := client.StartCheckout(ctx, anonymous); return err },
		"checkout with tax":          func() error { _, err := taxing.StartCheckout(ctx, plain); return err },
		"charge": func() error {
			_, err := client.ChargeSaved(ctx, charge("p1", payment.SavedMethod{Customer: "cus_1", Method: "pm_1"}))
			return err
		},
		"cancel": func() error { _, err := client.Cancel(ctx, "cs_1"); return err },
		"refund": func() error {
			_, err := client.Refund(ctx, payment.RefundRequest{
				PurchaseID: "p1", PaymentID: "pi_1", IdempotencyKey: "k", AmountMinor: 100, Currency: "EUR",
			})
			return err
		},
		"session": func() error { _, err := client.Session(ctx, "cs_1"); return err },
		"payment": func() error { _, err := client.Payment(ctx, "pi_1"); return err },
		"sessions": func() error {
			for _, err := range client.Sessions(ctx, since) {
				return err
			}
			return nil
		},
		"events": func() error {
			for _, err := range client.Notices(ctx, since) {
				return err
			}
			return nil
		},
	} {
		t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
			if err := call(); err != nil {
				t.Error(err)
			}
		})
	}
	t.Run("a_wrong_one_is_refused", func(t *testing.T) {
		request := must[*http.Request](t)(http.NewRequestWithContext(ctx, http.MethodPost, base+"/v1/refunds",
			strings.NewReader("amount=much")))
		request.Header.Set("Authorization", "Bearer "+secretKey)
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		response := must[*http.Response](t)(http.DefaultClient.Do(request))
		defer http.DefaultClient.CloseIdleConnections()
		defer response.Body.Close()
		if response.StatusCode != http.StatusBadRequest {
			t.Errorf("answered with %d", response.StatusCode)
		}
	})
}
