package payment

import (
	"cmp"
	"maps"
	"slices"
)

// Facts are what is known of one purchase from what its provider has said so far. The zero value knows nothing. A
// value is never altered: its maps may be shared.
//
// Merge makes them a join-semilattice: every field only ever grows (a set by its members, a state and a sum by
// rank, a dispute by when it was told, an id or an address by its order), so facts come out the same in whatever order, grouping and number they are
// merged.
type Facts struct {
	// Sessions are the purchase's checkouts by the provider's id.
	Sessions map[string]SessionState `json:"sessions,omitempty"`

	// Payments are what was paid or tried to be, by the provider's id. A checkout has a payment once it is paid.
	Payments map[string]Payment `json:"payments,omitempty"`
}

// Payment is what is known of one payment.
type Payment struct {
	// Received is the money that came. Empty: none is known of. More than one: the provider contradicts itself.
	Received []Money `json:"received,omitempty"`

	// Processing is true once a charge of a saved method was taken on by a bank that answers later.
	Processing bool `json:"processing,omitempty"`

	// Declined is the provider's code for why a charge of a saved method came to nothing. Received outranks it.
	Declined string `json:"declined,omitempty"`

	// Refunds are by the provider's id.
	Refunds map[string]Refund `json:"refunds,omitempty"`

	// RefundSumMinor is the highest sum of refunds that the provider ever named for the payment as a whole. It counts
	// those that failed later.
	RefundSumMinor int64 `json:"refundSumMinor,omitempty"`

	// Disputes are by the provider's id.
	Disputes map[string]Dispute `json:"disputes,omitempty"`

	// ReceiptURL is a page of the provider's that shows the receipt.
	ReceiptURL string `json:"receiptUrl,omitempty"`

	// Saved is the method that may be charged again while its owner is away; zero if none was saved.
	Saved SavedMethod `json:"saved,omitzero"`
}

// Money is an amount as it was received.
type Money struct {
	AmountMinor int64 `json:"amountMinor"`

	// Currency is an ISO 4217 code in capitals.
	Currency string `json:"currency"`

	// Live is false for money of a test or a demonstration.
	Live bool `json:"live"`
}

// SavedMethod is a method of payment that a provider keeps for a customer.
type SavedMethod struct {
	Customer string `json:"customer,omitempty"`
	Method   string `json:"method,omitempty"`
}

// Refund is money paid back, or meant to be.
type Refund struct {
	AmountMinor int64       `json:"amountMinor"`
	State       RefundState `json:"state"`

	// RequestKey is the idempotency key of the RefundRequest that it was made by; empty for one of the provider's own
	// people.
	RequestKey string `json:"requestKey,omitempty"`
}

// Dispute is a charge-back, or a bank's question that may become one. What was told last of it holds: banks take up
// again what they had decided.
type Dispute struct {
	// ToldAt is when all this was so, by the provider's clock, in seconds since 1970.
	ToldAt      int64 `json:"toldAt"`
	AmountMinor int64 `json:"amountMinor"`

	// Currency can differ from the payment's.
	Currency string       `json:"currency"`
	State    DisputeState `json:"state"`
}

// SessionState is how far a checkout has come.
type SessionState string

// The states of a session, each outranking those before it.
const (
	SessionOpen       SessionState = "OPEN"
	SessionExpired    SessionState = "EXPIRED"
	SessionProcessing SessionState = "PROCESSING" // completed; the bank answers within days
	SessionFailed     SessionState = "FAILED"
	SessionPaid       SessionState = "PAID"
)

func (s SessionState) rank() int {
	return slices.Index([]SessionState{SessionOpen, SessionExpired, SessionProcessing, SessionFailed, SessionPaid}, s)
}

// RefundState is how far a refund has come.
type RefundState string

// The states of a refund, each outranking those before it. A bank can return a refund that had succeeded.
const (
	RefundPending   RefundState = "PENDING"
	RefundSucceeded RefundState = "SUCCEEDED"
	RefundFailed    RefundState = "FAILED" // or called off: the money has stayed
)

func (s RefundState) rank() int {
	return slices.Index([]RefundState{RefundPending, RefundSucceeded, RefundFailed}, s)
}

// DisputeState is how far a dispute has come.
type DisputeState string

// The states of a dispute. Of two that were told for the same second the later in this list holds: it is the usual
// course of things.
const (
	DisputeInquiry DisputeState = "INQUIRY" // nothing is taken
	DisputeDropped DisputeState = "DROPPED" // an inquiry that came to nothing
	DisputeOpen    DisputeState = "OPEN"    // taken until it is decided
	DisputeLost    DisputeState = "LOST"    // taken
	DisputeWon     DisputeState = "WON"     // given back
)

func (s DisputeState) rank() int {
	return slices.Index([]DisputeState{DisputeInquiry, DisputeDropped, DisputeOpen, DisputeLost, DisputeWon}, s)
}

// Fold adds what a notice tells to what is known. Facts of a notice of kind Ignored are zero and change nothing.
func Fold(known Facts, notice Notice) Facts { return known.Merge(notice.Facts) }

// Merge is what both together know. It is commutative, associative and idempotent, and alters neither.
func (f Facts) Merge(other Facts) Facts {
	return Facts{
		Sessions: mergeMaps(f.Sessions, other.Sessions, highest[SessionState]),
		Payments: mergeMaps(f.Payments, other.Payments, Payment.merge),
	}
}

func (p Payment) merge(other Payment) Payment {
	return Payment{
		Received:       mergeSets(p.Received, other.Received),
		Processing:     p.Processing || other.Processing,
		Declined:       max(p.Declined, other.Declined),
		Refunds:        mergeMaps(p.Refunds, other.Refunds, Refund.merge),
		RefundSumMinor: max(p.RefundSumMinor, other.RefundSumMinor),
		Disputes:       mergeMaps(p.Disputes, other.Disputes, Dispute.merge),
		ReceiptURL:     max(p.ReceiptURL, other.ReceiptURL),
		Saved:          p.Saved.merge(other.Saved),
	}
}

func (r Refund) merge(other Refund) Refund {
	return Refund{
		AmountMinor: max(r.AmountMinor, other.AmountMinor), State: highest(r.State, other.State),
		RequestKey: max(r.RequestKey, other.RequestKey),
	}
}

// merge keeps what was told last, whole.
func (d Dispute) merge(other Dispute) Dispute {
	if cmp.Or(
		cmp.Compare(d.ToldAt, other.ToldAt),
		compareStates(d.State, other.State),
		cmp.Compare(d.AmountMinor, other.AmountMinor),
		cmp.Compare(d.Currency, other.Currency),
	) < 0 {
		return other
	}
	return d
}

// merge keeps a pair whole: the customer of one and the method of another would be nobody's.
func (m SavedMethod) merge(other SavedMethod) SavedMethod {
	if cmp.Or(cmp.Compare(m.Customer, other.Customer), cmp.Compare(m.Method, other.Method)) < 0 {
		return other
	}
	return m
}

func (m Money) compare(other Money) int {
	live := func(m Money) int {
		if m.Live {
			return 1
		}
		return 0
	}
	return cmp.Or(
		cmp.Compare(m.AmountMinor, other.AmountMinor),
		cmp.Compare(m.Currency, other.Currency),
		cmp.Compare(live(m), live(other)),
	)
}

// state is one of the kinds of states.
type state interface {
	~string
	rank() int
}

// highest is the state of higher rank.
func highest[S state](a, b S) S {
	if compareStates(a, b) < 0 {
		return b
	}
	return a
}

// compareStates orders by rank; an unknown state ranks below all known ones.
func compareStates[S state](a, b S) int {
	return cmp.Or(cmp.Compare(a.rank(), b.rank()), cmp.Compare(a, b))
}

// mergeMaps merges key by key. It is nil where both are empty, so that equal facts are equal values.
func mergeMaps[V any](a, b map[string]V, merge func(V, V) V) map[string]V {
	if len(a)+len(b) == 0 {
		return nil
	}
	merged := make(map[string]V, len(a)+len(b))
	maps.Copy(merged, a)
	for key, value := range b {
		if known, ok := merged[key]; ok {
			value = merge(known, value)
		}
		merged[key] = value
	}
	return merged
}

func mergeSets(a, b []Money) []Money {
	if len(a)+len(b) == 0 {
		return nil
	}
	merged := slices.Concat(a, b)
	slices.SortFunc(merged, Money.compare)
	return slices.Compact(merged)
}
