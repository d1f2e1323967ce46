package funding

import (
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"productgenerator/models"
)

func TestTheShareThatIsPaidForIsExactHoweverLargeTheFigures(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tokens := rapid.Int64Range(1, int64(MaxGrant)).Draw(t, "tokens")
		price := rapid.Int64Range(1, MaxPriceMinor).Draw(t, "price")
		kept := rapid.Int64Range(0, price).Draw(t, "kept")
		want := new(big.Int).Mul(big.NewInt(tokens), big.NewInt(kept))
		want.Quo(want, big.NewInt(price))
		if got := share(models.Tokens(tokens), kept, price); int64(got) != want.Int64() {
			t.Fatalf("%d × %d / %d = %d, not %s", tokens, kept, price, got, want)
		}
	})
	if whole := share(MaxGrant, MaxPriceMinor, MaxPriceMinor); whole != MaxGrant {
		t.Errorf("all of %d is %d", MaxGrant, whole)
	}
}
