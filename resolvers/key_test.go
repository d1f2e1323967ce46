package resolvers

import (
	"bytes"
	"encoding/hex"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"productgenerator/graph"
	"productgenerator/models"
)

func TestAnInputKeepsItsHashWhereverNothingChangesItsMeaning(t *testing.T) {
	base := graph.GenerateInput{ProductID: "product_1", IdempotencyKey: "a"}
	same := base
	same.IdempotencyKey = "b"
	same.Tone = graphql.OmittableOf[*string](nil)
	if !bytes.Equal(hashOf(base), hashOf(same)) {
		t.Error("another key, or null for what was left out, changes the hash")
	}
	tone := ""
	other := base
	other.Tone = graphql.OmittableOf(&tone)
	if bytes.Equal(hashOf(base), hashOf(other)) {
		t.Error("an empty text has the hash of none")
	}
	other = base
	other.ProductID = "product_2"
	if bytes.Equal(hashOf(base), hashOf(other)) {
		t.Error("another product has the same hash")
	}
}

func TestTheCanonicalFormNeverChanges(t *testing.T) {
	expires := time.Date(2027, 1, 2, 3, 4, 5, 0, time.UTC)
	hash := hashOf(graph.GrantTokensInput{
		TeamID: "team_1", Tokens: models.MaxTokens, Source: models.SourceGift, Note: "ñ <b>",
		ExpiresAt: graphql.OmittableOf(&expires), IdempotencyKey: "k",
	})
	// Keys are kept for ever, so this value is a promise: the SHA-256 of
	// {"expiresAt":"2027-01-02T03:04:05Z","note":"ñ \u003cb\u003e","source":"GIFT","teamId":"team_1","tokens":9007199254740992}
	const want = "77af63147168071c3c9b13d28c5a062a87639e7be356531b0f357517d1351632"
	if got := hex.EncodeToString(hash); got != want {
		t.Errorf("the canonical form has changed: %s", got)
	}
}

func TestNullsAreDroppedHoweverDeep(t *testing.T) {
	deep := map[string]any{"list": []any{map[string]any{"a": nil, "b": 1}}, "none": nil}
	shallow := map[string]any{"list": []any{map[string]any{"b": 1}}}
	if !bytes.Equal(hashOf(deep), hashOf(shallow)) {
		t.Error("a null inside of a list changes the hash")
	}
}
