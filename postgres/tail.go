package postgres

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
)

// tailSize is how many bytes of a server's output are kept for error messages.
const tailSize = 4096

// outputTail keeps the end of a server's output for error messages and passes each whole line to the log at Debug.
type outputTail struct {
	log *slog.Logger

	mu   sync.Mutex // protects kept and line
	kept []byte
	line []byte // what follows the last newline
}

func (t *outputTail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept, p...)
	if excess := len(t.kept) - tailSize; excess > 0 {
		t.kept = append(t.kept[:0], t.kept[excess:]...)
	}
	t.line = append(t.line, p...)
	for {
		end := bytes.IndexByte(t.line, '\n')
		if end < 0 {
			break
		}
		t.log.LogAttrs(context.Background(), slog.LevelDebug, "postgres", slog.String("line", string(t.line[:end])))
		t.line = append(t.line[:0], t.line[end+1:]...)
	}
	if len(t.line) > tailSize {
		t.line = t.line[:0]
	}
	return len(p), nil
}

// String returns the end of the output, without the newline that closes it.
func (t *outputTail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.TrimSpace(string(t.kept))
}

// reset forgets what was written before, so that the tail speaks of one run only.
func (t *outputTail) reset() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept, t.line = t.kept[:0], t.line[:0]
}
