package transport

import "time"

// Limits bound what one request may ask for.
type Limits struct {
	Body         int64 // bytes of a JSON body, and of a multipart request's operations
	Upload       int64 // bytes of a multipart request's files together
	UploadMemory int64 // bytes of a file that stay in memory; a longer one is spooled to a temporary file
	UploadFiles  int   // files in a multipart request
	JSONDepth    int   // objects and lists in each other, variables included

	Tokens             int // lexical tokens of a document
	Depth              int // fields in each other
	IntrospectionDepth int // the same under __schema and __type
	IntrospectionLists int // lists of the schema's own that an operation reads
	Selections         int // fields, each fragment counted wherever it is spread
	Aliases            int
	Directives         int
	RootFields         int
	MoneyMutations     int // of those that Config names
	Cost               int // objects read, see cost.go
	PageSize           int // the most that first and last may ask for
	DefaultPageSize    int // what a page is counted as without them

	Errors     int // in an answer
	CachedText int // bytes of the texts whose prepared documents are kept

	Frame         int64 // bytes of a WebSocket message
	Subscriptions int   // operations running on one socket
	MessageRate   int   // messages a second that a socket may go on sending
	MessageBurst  int   // messages that it may send at once
}

// DefaultLimits are what the product promises.
func DefaultLimits() Limits {
	return Limits{
		Body:         100_000,
		Upload:       20 << 20,
		UploadMemory: 1 << 20,
		UploadFiles:  10,
		JSONDepth:    32,

		Tokens:             1_000,
		Depth:              10,
		IntrospectionDepth: 20,
		IntrospectionLists: 16,
		Selections:         500,
		Aliases:            15,
		Directives:         10,
		RootFields:         10,
		MoneyMutations:     1,
		Cost:               1_000,
		PageSize:           100,
		DefaultPageSize:    20,

		Errors:     5,
		CachedText: 512_000,

		Frame:         64_000,
		Subscriptions: 20,
		MessageRate:   100,
		MessageBurst:  300,
	}
}

// Timeouts bound how long the other side may take, and say how often it is looked after.
type Timeouts struct {
	Body      time.Duration // to send a JSON body
	Upload    time.Duration // to send a multipart body
	Answer    time.Duration // to accept a long answer
	Write     time.Duration // to accept a message or an event
	Init      time.Duration // from the upgrade to connection_init
	Ping      time.Duration // between pings on an idle socket
	Probe     time.Duration // from data on a socket to the ping that asks whether it was read
	Pong      time.Duration // from a ping to its pong; Probe + Pong is how long a client may stop reading
	Heartbeat time.Duration // between comments on an idle stream
	Recheck   time.Duration // between two Recheck of a socket or stream
	Linger    time.Duration // for a client to read why its socket was closed
}

// DefaultTimeouts cut a client that stops reading off within 10 s, and one that lost its rights within 5 s.
func DefaultTimeouts() Timeouts {
	return Timeouts{
		Body:      10 * time.Second,
		Upload:    2 * time.Minute,
		Answer:    30 * time.Second,
		Write:     5 * time.Second,
		Init:      3 * time.Second,
		Ping:      20 * time.Second,
		Probe:     4 * time.Second,
		Pong:      5 * time.Second,
		Heartbeat: 15 * time.Second,
		Recheck:   2 * time.Second,
		Linger:    time.Second,
	}
}
