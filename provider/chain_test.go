package provider

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// scripted is a text provider that answers its calls one after the other; the last answer stands for all that follow.
type scripted struct {
	name    string
	answers []scriptedAnswer
	calls   int
	at      []time.Time
}

type scriptedAnswer struct {
	text  string
	emits []string
	takes time.Duration
	fails *Error
	panic bool
}

func (s *scripted) Name() string { return s.name }

func (s *scripted) WriteText(ctx context.Context, _ TextRequest, emit func(string)) (Text, error) {
	answer := s.answers[min(s.calls, len(s.answers)-1)]
	s.calls++
	s.at = append(s.at, time.Now())
	for _, soFar := range answer.emits {
		emit(soFar)
	}
	select {
	case <-time.After(answer.takes):
	case <-ctx.Done():
		return Text{}, ctx.Err()
	}
	switch {
	case answer.panic:
		panic("strange answer")
	case answer.fails != nil:
		return Text{}, answer.fails
	}
	return Text{Text: answer.text}, nil
}

func writes(name, text string) *scripted {
	return &scripted{name: name, answers: []scriptedAnswer{{text: text}}}
}

func fails(name string, kind Kind, retryAfter time.Duration) *scripted {
	failure := &Error{Provider: name, Kind: kind, RetryAfter: retryAfter, Err: errors.New("scripted")}
	return &scripted{name: name, answers: []scriptedAnswer{{fails: failure}}}
}

func chainOf(providers ...TextProvider) *Texts {
	return NewTexts(TextLimits(), slog.New(slog.DiscardHandler), providers...)
}

func ignore(string) {}

func TestTheFirstProviderThatDeliversServesAndIsNamed(t *testing.T) {
	for _, kind := range []Kind{NothingFound, Down, TimedOut, Refused, Malformed} {
		t.Run(string(kind), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				first, second, third := fails("first", kind, 0), writes("second", "a text"), writes("third", "another")
				text, err := chainOf(first, second, third).Write(t.Context(), TextRequest{}, ignore)
				if err != nil || text.Text != "a text" || text.Provider != "second" {
					t.Errorf("got %+v, %v", text, err)
				}
				if third.calls != 0 {
					t.Error("the third provider was called")
				}
			})
		})
	}
}

func TestOnlyFailuresThatMayPassAreRetried(t *testing.T) {
	calls := map[Kind]int{NothingFound: 1, Refused: 1, Down: 3, TimedOut: 3, Malformed: 3}
	for kind, want := range calls {
		t.Run(string(kind), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := fails("p", kind, 0)
				if _, err := chainOf(p).Write(t.Context(), TextRequest{}, ignore); err == nil {
					t.Error("want an error")
				}
				if p.calls != want {
					t.Errorf("called %d times; want %d", p.calls, want)
				}
			})
		})
	}
}

func TestAProviderThatRecoversIsUsedAfterAWaitWithJitter(t *testing.T) {
	waits := map[time.Duration]bool{}
	for range 20 {
		synctest.Test(t, func(t *testing.T) {
			p := fails("p", Down, 0)
			p.answers = append(p.answers, scriptedAnswer{text: "a text"})
			if _, err := chainOf(p).Write(t.Context(), TextRequest{}, ignore); err != nil {
				t.Fatal(err)
			}
			wait := p.at[1].Sub(p.at[0])
			if wait > 2*TextLimits().FirstWait+time.Millisecond {
				t.Errorf("waited %s", wait)
			}
			waits[wait] = true
		})
	}
	if len(waits) < 10 {
		t.Errorf("20 waits had only %d lengths", len(waits))
	}
}

func TestRetryAfterIsHonouredWhenItFitsIntoTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := fails("p", Down, 20*time.Second)
		p.answers = append(p.answers, scriptedAnswer{text: "a text"})
		text, err := chainOf(p).Write(t.Context(), TextRequest{}, ignore)
		if err != nil || text.Text != "a text" {
			t.Fatalf("got %+v, %v", text, err)
		}
		if wait := p.at[1].Sub(p.at[0]); wait < 20*time.Second {
			t.Errorf("called again after %s", wait)
		}
	})
}

func TestARetryAfterBeyondTheDeadlineIsNotWaitedForAndIsReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := fails("p", Down, 10*time.Minute)
		chain, begun := chainOf(p), time.Now()
		_, err := chain.Write(t.Context(), TextRequest{}, ignore)
		var failure *Error
		if !errors.As(err, &failure) || failure.Kind != Down || failure.RetryAfter != 10*time.Minute {
			t.Errorf("err = %v", err)
		}
		if time.Since(begun) != 0 || p.calls != 1 {
			t.Errorf("took %s, %d calls", time.Since(begun), p.calls)
		}
		if ok, retryAt := chain.Available(); ok || !retryAt.Equal(begun.Add(10*time.Minute)) {
			t.Errorf("Available = %v, %s", ok, retryAt)
		}
		if _, err = chain.Write(t.Context(), TextRequest{}, ignore); KindOf(err) != Down || p.calls != 1 {
			t.Errorf("err = %v, %d calls; want it left alone", err, p.calls)
		}
	})
}

func TestALongRetryAfterOfOneProviderIsLeftToTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second, begun := fails("first", Down, 25*time.Second), writes("second", "a text"), time.Now()
		if _, err := chainOf(first, second).Write(t.Context(), TextRequest{}, ignore); err != nil {
			t.Fatal(err)
		}
		if time.Since(begun) != 0 {
			t.Errorf("took %s", time.Since(begun))
		}
	})
}

func TestAProviderThatHangsLeavesTimeForTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := &scripted{name: "slow", answers: []scriptedAnswer{{takes: time.Hour, text: "late"}}}
		text, err := chainOf(slow, writes("second", "a text")).Write(t.Context(), TextRequest{}, ignore)
		if err != nil || text.Provider != "second" {
			t.Errorf("got %+v, %v", text, err)
		}
	})
}

func TestAnAnswerAfterTheDeadlineIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, err := chainOf(deaf{}).Write(t.Context(), TextRequest{}, ignore)
		if KindOf(err) != TimedOut {
			t.Errorf("err = %v", err)
		}
	})
}

// deaf answers after 90 seconds, whatever its context says.
type deaf struct{}

func (deaf) Name() string { return "deaf" }

func (deaf) WriteText(context.Context, TextRequest, func(string)) (Text, error) {
	time.Sleep(90 * time.Second)
	return Text{Text: "late"}, nil
}

func TestTheWholeDeadlineBoundsEverything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := func(name string) *scripted {
			return &scripted{name: name, answers: []scriptedAnswer{{takes: time.Hour}}}
		}
		begun := time.Now()
		_, err := chainOf(hang("a"), hang("b"), hang("c")).Write(t.Context(), TextRequest{}, ignore)
		if KindOf(err) != TimedOut || time.Since(begun) > TextLimits().Whole {
			t.Errorf("err = %v after %s", err, time.Since(begun))
		}
	})
}

func TestTheNextProviderStartsItsTextAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first := &scripted{name: "first", answers: []scriptedAnswer{{
			emits: []string{"Once", "Once upon"}, fails: &Error{Provider: "first", Kind: Refused},
		}}}
		second := &scripted{name: "second", answers: []scriptedAnswer{{emits: []string{"A new"}, text: "A new text."}}}
		var emitted []string
		_, err := chainOf(first, second).Write(t.Context(), TextRequest{}, func(soFar string) { emitted = append(emitted, soFar) })
		if err != nil || strings.Join(emitted, "|") != "Once|Once upon|A new" {
			t.Errorf("emitted %q, %v", emitted, err)
		}
	})
}

func TestTheFailureThatTellsMostIsReported(t *testing.T) {
	cases := []struct {
		kinds []Kind
		want  Kind
		whose string
	}{
		{[]Kind{NothingFound, NothingFound}, NothingFound, "p0"},
		{[]Kind{NothingFound, Refused}, Refused, "p1"},
		{[]Kind{Refused, Down, TimedOut}, Down, "p1"},
		{[]Kind{TimedOut, Down}, TimedOut, "p0"},
		{[]Kind{NothingFound, Malformed}, Down, "p1"},
		{nil, Down, "none"},
	}
	for _, c := range cases {
		t.Run(fmt.Sprint(c.kinds), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var providers []TextProvider
				for i, kind := range c.kinds {
					providers = append(providers, fails(fmt.Sprintf("p%d", i), kind, 0))
				}
				_, err := chainOf(providers...).Write(t.Context(), TextRequest{}, ignore)
				var failure *Error
				if !errors.As(err, &failure) || failure.Kind != c.want || failure.Provider != c.whose {
					t.Errorf("err = %v; want %s of %s", err, c.want, c.whose)
				}
			})
		})
	}
}

func TestAProviderDownForLongIsNotCalledUntilAProbeSucceeds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := fails("p", Down, 0)
		chain := chainOf(p)
		for range 2 {
			_, _ = chain.Write(t.Context(), TextRequest{}, ignore)
		}
		called := p.calls
		if called != 5 {
			t.Fatalf("%d calls opened the breaker; want 5", called)
		}
		ok, retryAt := chain.Available()
		if rest := time.Until(retryAt); ok || rest <= 0 || rest > TextLimits().Rest {
			t.Fatalf("Available = %v, in %s", ok, rest)
		}
		if _, err := chain.Write(t.Context(), TextRequest{}, ignore); KindOf(err) != Down || p.calls != called {
			t.Errorf("err = %v after %d more calls", err, p.calls-called)
		}

		time.Sleep(TextLimits().Rest + time.Millisecond)
		if ok, _ := chain.Available(); !ok {
			t.Error("no probe is let through after the rest")
		}
		_, _ = chain.Write(t.Context(), TextRequest{}, ignore)
		if p.calls != called+1 {
			t.Errorf("%d calls after the rest; want one probe", p.calls-called)
		}

		time.Sleep(TextLimits().Rest + time.Millisecond)
		p.answers = []scriptedAnswer{{text: "a text"}}
		if _, err := chain.Write(t.Context(), TextRequest{}, ignore); err != nil {
			t.Errorf("the probe's text is lost: %v", err)
		}
		if ok, _ := chain.Available(); !ok {
			t.Error("not available after a good probe")
		}
	})
}

func TestRefusedAndEmptyAnswersOpenNoBreaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, kind := range []Kind{Refused, NothingFound} {
			chain := chainOf(fails("p", kind, 0))
			for range 20 {
				_, _ = chain.Write(t.Context(), TextRequest{}, ignore)
			}
			if ok, _ := chain.Available(); !ok {
				t.Errorf("%s opened the breaker", kind)
			}
		}
	})
}

func TestAChainIsAvailableWhileOneProviderIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		chain := chainOf(fails("first", Down, time.Minute), writes("second", "a text"))
		_, _ = chain.Write(t.Context(), TextRequest{}, ignore)
		if ok, _ := chain.Available(); !ok {
			t.Error("not available")
		}
		if ok, retryAt := chainOf().Available(); ok || !retryAt.IsZero() {
			t.Errorf("a chain of none: Available = %v, %s", ok, retryAt)
		}
	})
}

func TestACallerWhoGivesUpIsNotHeldAgainstTheProvider(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := &scripted{name: "slow", answers: []scriptedAnswer{{takes: time.Hour}}}
		chain, next := chainOf(slow), writes("next", "never")
		chain.chain.links = append(chain.chain.links, newLink[TextProvider](next, TextLimits(), slog.New(slog.DiscardHandler)))
		for range 10 {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Second, cancel)
			if _, err := chain.Write(ctx, TextRequest{}, ignore); !errors.Is(err, context.Canceled) {
				t.Fatalf("err = %v", err)
			}
		}
		if next.calls != 0 {
			t.Error("the next provider was called for nobody")
		}
		if ok, _ := chain.Available(); !ok {
			t.Error("the breaker opened")
		}
	})
}

func TestAProviderThatPanicsIsFollowedByTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first := &scripted{name: "first", answers: []scriptedAnswer{{panic: true}}}
		chain := chainOf(first, writes("second", "a text"))
		for range 3 {
			if text, err := chain.Write(t.Context(), TextRequest{}, ignore); err != nil || text.Provider != "second" {
				t.Errorf("got %+v, %v", text, err)
			}
		}
	})
}

func TestAnEmptyTextCountsAsNonsense(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		text, err := chainOf(writes("first", " \n"), writes("second", "a text")).Write(t.Context(), TextRequest{}, ignore)
		if err != nil || text.Provider != "second" {
			t.Errorf("got %+v, %v", text, err)
		}
	})
}

// found is an image, price and fact provider with fixed answers.
type found struct {
	name   string
	images []Image
	offers []Offer
	facts  []Fact
	err    error
	takes  time.Duration
}

func (f found) Name() string { return f.name }

func (f found) FindImages(context.Context, ImageQuery) ([]Image, error) { return f.images, f.err }

func (f found) FindPrices(context.Context, PriceQuery) ([]Offer, error) { return f.offers, f.err }

func (f found) FindFacts(ctx context.Context, _ FactQuery) ([]Fact, error) {
	select {
	case <-time.After(f.takes):
		return f.facts, f.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func TestSearchesGoOnToTheNextProviderAndKeepTheLimit(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	nothing := found{name: "nothing"}
	much := found{name: "much", images: make([]Image, 9), offers: make([]Offer, 9)}

	images, servedBy, err := NewImages(SearchLimits(), log, nothing, much).Find(t.Context(), ImageQuery{Limit: 4})
	if len(images) != 4 || servedBy != "much" || err != nil {
		t.Errorf("%d images by %s, %v", len(images), servedBy, err)
	}
	offers, servedBy, err := NewPrices(SearchLimits(), log, nothing, much).Find(t.Context(), PriceQuery{Limit: 4})
	if len(offers) != 4 || servedBy != "much" || err != nil {
		t.Errorf("%d offers by %s, %v", len(offers), servedBy, err)
	}
	if _, _, err = NewImages(SearchLimits(), log, nothing, nothing).Find(t.Context(), ImageQuery{Limit: 4}); KindOf(err) != NothingFound {
		t.Errorf("err = %v", err)
	}
}

func TestFactsOfAllProvidersAreGatheredAndFailuresLeftOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		facts := NewFacts(FactLimits(), slog.New(slog.DiscardHandler),
			found{name: "slow", takes: time.Minute, facts: []Fact{{Statement: "late"}}},
			found{name: "first", takes: time.Second, facts: []Fact{{Statement: "one"}}},
			found{name: "broken", err: errors.New("broken")},
			found{name: "second", facts: make([]Fact, 9)},
		)
		begun := time.Now()
		got := facts.Find(t.Context(), FactQuery{})
		if len(got) != maxFacts || got[0].Statement != "one" || got[0].Provider != "first" || got[1].Provider != "second" {
			t.Errorf("got %+v", got)
		}
		if took := time.Since(begun); took != 3*time.Second {
			t.Errorf("took %s", took)
		}
	})
}

func TestNoopServesEveryKindAtOnce(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	text, err := chainOf(Noop{}).Write(t.Context(), TextRequest{Kind: LongDescription}, ignore)
	if err != nil || text.Provider != "noop" || text.Text == "" {
		t.Errorf("text: %+v, %v", text, err)
	}
	if images, _, err := NewImages(SearchLimits(), log, Noop{}).Find(t.Context(), ImageQuery{Limit: 3}); err != nil || len(images) != 1 {
		t.Errorf("images: %+v, %v", images, err)
	}
	if offers, _, err := NewPrices(SearchLimits(), log, Noop{}).Find(t.Context(), PriceQuery{Limit: 3}); err != nil || len(offers) != 1 {
		t.Errorf("offers: %+v, %v", offers, err)
	}
	if facts := NewFacts(FactLimits(), log, Noop{}).Find(t.Context(), FactQuery{}); len(facts) != 0 {
		t.Errorf("facts: %+v", facts)
	}
}
