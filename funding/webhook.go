package funding

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"productgenerator/payment"
)

// NoticeOutcome is what became of a notice that was delivered.
type NoticeOutcome string

// The outcomes.
const (
	NoticeStored        NoticeOutcome = "STORED"
	NoticeRepeated      NoticeOutcome = "REPEATED" // stored before
	NoticeForged        NoticeOutcome = "FORGED"
	NoticeTooOld        NoticeOutcome = "TOO_OLD"
	NoticeFromTheFuture NoticeOutcome = "FROM_THE_FUTURE"
	NoticeMalformed     NoticeOutcome = "MALFORMED"
	NoticeTooLong       NoticeOutcome = "TOO_LONG"
	NoticeUnread        NoticeOutcome = "UNREAD"     // its sender went away or was too slow
	NoticeNotStored     NoticeOutcome = "NOT_STORED" // the database did not answer; the provider sends it again
)

const (
	// readPatience is how long a notice may take to arrive, and storePatience how long to be stored: the provider
	// waits some ten seconds for the answer.
	readPatience  = 10 * time.Second
	storePatience = 5 * time.Second

	// complainEvery is how often it is logged that notices are refused: anybody can send them.
	complainEvery = time.Minute
)

// Notices takes in what a provider posts: it checks that a notice is genuine, stores it, and answers. What the notice
// says is learnt afterwards, so that the answer is quick and nothing of it is lost. Whatever is not genuine is refused
// with 400 and leaves nothing behind.
//
// It answers 404 to everything if the provider is unknown or sends no notices.
func (f *Funding) Notices(provider string) http.Handler {
	from, known := f.providers[provider]
	if !known {
		return http.NotFoundHandler()
	}
	var complaint complaint
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			w.Header().Set("Allow", http.MethodPost)
			http.Error(w, "notices are posted", http.StatusMethodNotAllowed)
			return
		}
		outcome, err := f.receive(w, r, from)
		if errors.Is(err, payment.ErrNoNotices) {
			http.NotFound(w, r)
			return
		}
		f.observeNotice(outcome)
		switch outcome {
		case NoticeStored:
			f.Wake()
		case NoticeRepeated:
		case NoticeNotStored:
			f.log.Warn("a payment notice was not stored, its sender is asked to try again", "provider", provider, "error", err)
		default:
			complaint.log(f.log, f.now(), provider, outcome)
		}
		answerNotice(w, outcome)
	})
}

// receive takes in one notice. The error says why an outcome is NoticeNotStored, or is payment.ErrNoNotices.
func (f *Funding) receive(w http.ResponseWriter, r *http.Request, from payment.Provider) (NoticeOutcome, error) {
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(readPatience)) // where there is none, none is needed
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, payment.MaxNoticeBytes))
	if _, long := errors.AsType[*http.MaxBytesError](err); long {
		return NoticeTooLong, nil
	}
	if err != nil {
		return NoticeUnread, nil
	}
	notice, err := from.ParseNotice(body, r.Header)
	switch {
	case errors.Is(err, payment.ErrNoNotices):
		return "", err
	case errors.Is(err, payment.ErrForged):
		return NoticeForged, nil
	case errors.Is(err, payment.ErrTooOld):
		return NoticeTooOld, nil
	case errors.Is(err, payment.ErrFromTheFuture):
		return NoticeFromTheFuture, nil
	case err != nil:
		return NoticeMalformed, nil
	}
	ctx, cancel := context.WithTimeout(r.Context(), storePatience)
	defer cancel()
	stored, err := f.storeNotice(ctx, from.Name(), body, notice)
	switch {
	case err != nil:
		return NoticeNotStored, err
	case !stored:
		return NoticeRepeated, nil
	}
	return NoticeStored, nil
}

// storeNotice keeps a notice to be processed, and says whether it is the first time. One that is Ignored is processed
// with that.
func (f *Funding) storeNotice(ctx context.Context, provider string, body []byte, notice payment.Notice) (bool, error) {
	content, err := json.Marshal(notice)
	if err != nil {
		return false, fmt.Errorf("write notice %s as JSON: %w", notice.ID, err)
	}
	tag, err := f.pool.Exec(ctx, `
INSERT INTO payment_notices (provider, id, body, notice, received_at, due_at, processed_at)
VALUES ($1, $2, $3, $4, now(), CASE WHEN NOT $5 THEN now() END, CASE WHEN $5 THEN now() END)
ON CONFLICT DO NOTHING`, provider, notice.ID, body, content, notice.Kind == payment.Ignored)
	if err != nil {
		return false, fmt.Errorf("store notice: %w", err)
	}
	return tag.RowsAffected() == 1, nil
}

// answerNotice says what became of a notice: nothing of what was sent, and nothing that helps to forge one.
func answerNotice(w http.ResponseWriter, outcome NoticeOutcome) {
	w.Header().Set("Cache-Control", "no-store")
	switch outcome {
	case NoticeStored, NoticeRepeated:
		w.WriteHeader(http.StatusOK)
	case NoticeForged:
		http.Error(w, "the notice is not signed by the payment provider", http.StatusBadRequest)
	case NoticeTooOld:
		http.Error(w, "the notice was signed too long ago", http.StatusBadRequest)
	case NoticeFromTheFuture:
		http.Error(w, "the notice was signed in the future", http.StatusBadRequest)
	case NoticeTooLong:
		http.Error(w, "the notice is too long", http.StatusRequestEntityTooLarge)
	case NoticeNotStored:
		http.Error(w, "the notice could not be stored, send it again", http.StatusServiceUnavailable)
	default:
		http.Error(w, "the notice is malformed", http.StatusBadRequest)
	}
}

// complaint is the log line about refused notices, written once in a while.
type complaint struct {
	mu      sync.Mutex // protects both below
	refused int        // since the last line
	next    time.Time  // when the next line may be written
}

func (c *complaint) log(to *slog.Logger, now time.Time, provider string, outcome NoticeOutcome) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refused++
	if now.Before(c.next) {
		return
	}
	to.Warn("payment notices were refused", "provider", provider, "count", c.refused, "last", outcome)
	c.refused, c.next = 0, now.Add(complainEvery)
}
