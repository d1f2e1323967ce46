package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"slices"
	"text/tabwriter"
	"time"
)

// How often a question is asked before it counts, and how often it counts.
const (
	warmUps = 3
	asked   = 31
)

// benchHistory asks the program for pages of history, reports and reconciliations, over each of the embedded databases
// that "seed --lines" has filled, and prints the medians beside each other: the smallest first.
func benchHistory(ctx context.Context, s settings, dirs []string, w io.Writer) error {
	var names []string
	medians := map[string][]time.Duration{}
	for _, dir := range dirs {
		books, err := openHistory(ctx, s, dir)
		if err != nil {
			return fmt.Errorf("%s: %w", dir, err)
		}
		names, err = books.measure(ctx, s.checks, medians)
		if err := errors.Join(err, books.server.stop()); err != nil {
			return fmt.Errorf("%s: %w", dir, err)
		}
		fmt.Fprintf(w, "%s: %d ledger lines\n", dir, books.lines)
	}
	fmt.Fprintf(w, "medians of %d requests over HTTP, on %s\n\n", asked, processor())
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, name := range names {
		fmt.Fprintf(table, "%s\t", name)
		for _, took := range medians[name] {
			fmt.Fprintf(table, "%s\t", shown(took.Seconds()))
		}
		fmt.Fprintf(table, "%.1f\t\n", medians[name][len(dirs)-1].Seconds()/medians[name][0].Seconds())
	}
	return table.Flush()
}

// historyBooks is a program that serves a team with a long history, to an administrator.
type historyBooks struct {
	server *process
	token  string
	team   string
	lines  int64
}

func openHistory(ctx context.Context, s settings, dir string) (_ *historyBooks, err error) {
	const email = "bench@example.com"
	password := rand.Text()
	server, err := start(ctx, exec.Command(s.program), "", "DATA_DIR="+dir, "SEED_DEMO=false", "ADMIN_EMAIL="+email,
		"ADMIN_PASSWORD="+password, "LOG_LEVEL=error", "WORKERS=0")
	if err != nil {
		return nil, err
	}
	b := &historyBooks{server: server}
	defer func() {
		if err != nil {
			err = errors.Join(err, server.stop())
		}
	}()
	var signedIn struct{ SignIn struct{ Token string } }
	err = b.ask(ctx, question{
		query:     `mutation($input: SignInInput!) { signIn(input: $input) { token } }`,
		variables: map[string]any{"input": map[string]any{"email": email, "password": password}},
	}, &signedIn)
	if err != nil {
		return nil, err
	}
	b.token = signedIn.SignIn.Token
	var found struct {
		Administration struct {
			Teams struct{ Nodes []struct{ ID string } }
		}
	}
	err = b.ask(ctx, question{query: `{ administration { teams(search: "history@example.com") { nodes { id } } } }`}, &found)
	if err == nil && len(found.Administration.Teams.Nodes) != 1 {
		err = errors.New(`it has no team of history@example.com: run "productgenerator seed --lines N"`)
	}
	if err != nil {
		return nil, err
	}
	b.team = found.Administration.Teams.Nodes[0].ID
	return b, nil
}

// measure adds the median of each question to those of the databases before, and returns the questions' names.
func (b *historyBooks) measure(ctx context.Context, checks bool, medians map[string][]time.Duration) (names []string, err error) {
	questions, err := b.questions(ctx)
	if err != nil {
		return nil, err
	}
	for _, q := range questions {
		if q.once && !checks {
			continue
		}
		times := asked
		if q.once {
			times = 1
		}
		var took []time.Duration
		for i := range times + warmUps {
			if q.once && i < warmUps {
				continue
			}
			began := time.Now()
			if err := b.ask(ctx, q, nil); err != nil {
				return nil, fmt.Errorf("%s: %w", q.name, err)
			}
			if i >= warmUps {
				took = append(took, time.Since(began))
			}
		}
		slices.Sort(took)
		names = append(names, q.name)
		medians[q.name] = append(medians[q.name], took[len(took)/2])
	}
	return names, nil
}

// ask sends a question and reads the answer's data into a value, unless that is nil. An answer with errors is one.
func (b *historyBooks) ask(ctx context.Context, q question, into any) error {
	body, err := json.Marshal(map[string]any{"query": q.query, "variables": q.variables})
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+b.server.address+"/graphql", bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "application/json")
	if b.token != "" {
		request.Header.Set("Authorization", "Bearer "+b.token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	var answer struct {
		Data   json.RawMessage
		Errors []struct{ Message string }
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return fmt.Errorf("%s: %w", response.Status, err)
	}
	if len(answer.Errors) > 0 {
		return errors.New(answer.Errors[0].Message)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(answer.Data, into)
}
