package provider

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/packages/ssestream"
	"github.com/tidwall/gjson"
)

// OpenAISettings say which server an OpenAI provider speaks to.
type OpenAISettings struct {
	// BaseURL is the API's root, such as "https://api.openai.com/v1"; any compatible server will do.
	BaseURL string

	// APIKey may be empty for servers that want none.
	APIKey string

	// Model is the name of the model, as the server knows it.
	Model string

	// Client makes the calls. Its timeout, if any, bounds the whole stream.
	Client *http.Client
}

// OpenAI writes texts through the chat completions of any OpenAI-compatible server. It is safe for concurrent use.
type OpenAI struct {
	completions openai.ChatCompletionService
	model       string
	clean       *cleaner
}

// NewOpenAI makes the provider. It reads no environment: only the settings count.
func NewOpenAI(settings OpenAISettings) *OpenAI {
	options := []option.RequestOption{
		option.WithBaseURL(settings.BaseURL),
		option.WithHTTPClient(settings.Client),
		option.WithMaxRetries(0), // retries cost money and are the chain's
		option.WithMiddleware(typedAndBounded),
	}
	if settings.APIKey != "" {
		options = append(options, option.WithAPIKey(settings.APIKey))
	}
	return &OpenAI{
		completions: openai.NewChatCompletionService(options...),
		model:       settings.Model,
		clean:       newCleaner(),
	}
}

// Name is "openai", whatever server stands behind it.
func (*OpenAI) Name() string { return "openai" }

// WriteText streams one chat completion. The request key goes along as Idempotency-Key and X-Request-ID.
func (o *OpenAI) WriteText(ctx context.Context, request TextRequest, emit func(soFar string)) (Text, error) {
	stream := o.completions.NewStreaming(ctx, openai.ChatCompletionNewParams{
		Model: o.model,
		Messages: []openai.ChatCompletionMessageParamUnion{
			openai.SystemMessage(systemPrompt),
			openai.UserMessage(userPrompt(o.clean, request)),
		},
		StreamOptions: openai.ChatCompletionStreamOptionsParam{IncludeUsage: openai.Bool(true)},
	}, requestKeyHeaders(request.RequestKey)...)
	defer func() { _ = stream.Close() }()

	written := completion{limit: runesOf(request.Kind), clean: o.clean, emit: emit, usage: ModelUsage{Model: o.model}}
	for stream.Next() {
		if err := written.add(stream.Current()); err != nil {
			return Text{}, err
		}
	}
	return written.finish(ctx, stream.Err())
}

// requestKeyHeaders carry the request's key, so that a server that knows it can recognise a repetition.
func requestKeyHeaders(key string) []option.RequestOption {
	if key == "" {
		return nil
	}
	return []option.RequestOption{option.WithHeader("Idempotency-Key", key), option.WithHeader("X-Request-ID", key)}
}

// runesOf is how many characters a text of the kind may have.
func runesOf(kind TextKind) int {
	if kind == LongDescription {
		return MaxLongRunes
	}
	return MaxShortRunes
}

// completion is an answer while it is streamed.
type completion struct {
	limit int
	clean *cleaner
	emit  func(soFar string)

	raw          strings.Builder
	emittedBytes int
	finishReason string
	refused      bool
	counted      bool
	usage        ModelUsage
}

// add takes in one chunk and emits what is written so far, whenever it has grown by a few words.
func (c *completion) add(chunk openai.ChatCompletionChunk) error {
	if chunk.Model != "" {
		c.usage.Model = c.clean.line(chunk.Model, maxPromptValue)
	}
	if chunk.Usage.TotalTokens > 0 {
		c.counted = true
		c.usage.InputTokens, c.usage.OutputTokens = int(chunk.Usage.PromptTokens), int(chunk.Usage.CompletionTokens)
	}
	if len(chunk.Choices) == 0 {
		return nil
	}
	choice := chunk.Choices[0]
	c.finishReason = orElse(choice.FinishReason, c.finishReason)
	c.refused = c.refused || choice.Delta.Refusal != ""
	c.raw.WriteString(choice.Delta.Content)
	if c.raw.Len() > maxRawBytes {
		return openAIFailure(Malformed, errors.New("text is far longer than asked for"))
	}
	if grown := c.raw.Len() - c.emittedBytes; grown > 48+c.emittedBytes/32 {
		c.emittedBytes = c.raw.Len()
		c.emit(c.clean.text(c.raw.String(), c.limit))
	}
	return nil
}

// finish judges the answer once the stream has ended.
func (c *completion) finish(ctx context.Context, err error) (Text, error) {
	switch {
	case c.refused || c.finishReason == "content_filter":
		return Text{}, openAIFailure(Refused, errors.New("the model declined to write this text"))
	case c.finishReason == "" && err != nil:
		return Text{}, streamFailure(ctx, err)
	case c.finishReason == "" && c.raw.Len() > 0:
		return Text{}, openAIFailure(Down, errors.New("the stream was cut"))
	case c.finishReason != "stop" && c.finishReason != "length":
		return Text{}, openAIFailure(Malformed, errors.New("the answer holds no finished text"))
	}
	text := c.clean.text(c.raw.String(), c.limit)
	if c.finishReason == "length" {
		text = wholeSentences(text)
	}
	if text == "" {
		return Text{}, openAIFailure(Malformed, errors.New("the text is empty"))
	}
	c.emit(text)
	written := Text{Text: text, Provider: "openai"}
	if c.counted {
		written.Usage = &c.usage
	}
	return written, nil
}

// wholeSentences drops the unfinished sentence that a model's length limit left at the end.
func wholeSentences(text string) string {
	runes := []rune(text + " ")
	return strings.TrimSpace(string(runes[:lastSentenceEnd(runes)]))
}

// typedAndBounded turns every status but 2xx into an *Error, and bounds what is read of any answer.
func typedAndBounded(request *http.Request, next option.MiddlewareNext) (*http.Response, error) {
	response, err := next(request)
	if err != nil {
		return nil, err
	}
	failure := statusFailure("openai", response)
	if failure == nil {
		response.Body = &boundedBody{response.Body, maxBodyBytes}
		return response, nil
	}
	defer func() { _ = response.Body.Close() }()
	body, _ := io.ReadAll(io.LimitReader(response.Body, maxBodyBytes)) // what was read of an error body is enough
	failure.Err = fmt.Errorf("%w: %s", failure.Err, meaningOfStatus(response.StatusCode, gjson.GetBytes(body, "error.code").String()))
	return nil, failure
}

// meaningOfStatus explains a refused request without quoting the server, whose message may hold part of the key.
func meaningOfStatus(status int, code string) string {
	switch {
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return "the key is not accepted"
	case status == http.StatusNotFound:
		return "the server doesn't know the model or the path"
	case code == "content_policy_violation", code == "content_filter":
		return "the content policy forbids it"
	case code == "insufficient_quota":
		return "the account's quota is used up"
	case code == "context_length_exceeded":
		return "the request is too long for the model"
	case status == http.StatusTooManyRequests:
		return "too many requests"
	case status >= 500:
		return "the server has a problem"
	}
	return "the server refuses the request"
}

// streamFailure types what a stream ended with.
func streamFailure(ctx context.Context, err error) *Error {
	var failure *Error
	var reported *ssestream.StreamError
	var syntax *json.SyntaxError
	var wrongType *json.UnmarshalTypeError
	switch {
	case errors.As(err, &failure):
		return failure
	case errors.As(err, &reported):
		return reportedFailure(reported)
	case errors.As(err, &syntax), errors.As(err, &wrongType), errors.Is(err, bufio.ErrTooLong):
		return openAIFailure(Malformed, errors.New("the stream holds something else than chunks"))
	}
	return networkFailure(ctx, "openai", err)
}

// reportedFailure types an error that the server reports in the middle of a stream.
func reportedFailure(reported *ssestream.StreamError) *Error {
	code := gjson.GetBytes(reported.Event.Data, "error.code").String()
	if code == "content_filter" || code == "content_policy_violation" {
		return openAIFailure(Refused, errors.New("the content policy forbids it"))
	}
	return openAIFailure(Down, errors.New("the server reported an error in the stream"))
}

func openAIFailure(kind Kind, err error) *Error {
	return &Error{Provider: "openai", Kind: kind, Err: err}
}

// boundedBody fails as malformed when more than left bytes are read of it.
type boundedBody struct {
	io.ReadCloser
	left int
}

func (b *boundedBody) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, openAIFailure(Malformed, fmt.Errorf("answer is over %d bytes", maxBodyBytes))
	}
	n, err := b.ReadCloser.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}
