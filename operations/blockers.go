package operations

import (
	"strconv"
	"time"

	"productgenerator/models"
)

// runningBlockers is what already runs on a product of what the operation would run: each generation once, with all of
// its parts that are in the way.
func runningBlockers(running runningParts, operation models.Operation, many bool, place int) (blockers []models.Blocker) {
	places := map[models.GenerationID]int{}
	for _, part := range operation.Parts() {
		id, runs := running[part]
		if !runs {
			continue
		}
		if at, named := places[id]; named {
			blockers[at].Parts = append(blockers[at].Parts, part)
			continue
		}
		places[id] = len(blockers)
		path := []string{"productId"}
		if many {
			path = []string{"productIds", strconv.Itoa(place)}
		}
		blockers = append(blockers, models.Blocker{
			Code: models.BlockerAlreadyRunning, Path: path, GenerationID: id, Parts: []models.Part{part},
		})
	}
	return blockers
}

// downBlockers says which parts no provider could serve now: what is known to fail is refused before it is reserved.
func (o *Operations) downBlockers(operation models.Operation) []models.Blocker {
	blocker := models.Blocker{Code: models.BlockerProviderDown}
	forGood := false // nobody serves one of them, and waiting does not help
	for _, part := range operation.Parts() {
		ok, retryAt := o.available(part)
		if ok {
			continue
		}
		blocker.Parts = append(blocker.Parts, part)
		forGood = forGood || retryAt.IsZero()
		if blocker.ClearsAt == nil || retryAt.After(*blocker.ClearsAt) {
			blocker.ClearsAt = &retryAt
		}
	}
	if len(blocker.Parts) == 0 {
		return nil
	}
	if forGood {
		blocker.ClearsAt = nil
	}
	return []models.Blocker{blocker}
}

func (o *Operations) available(part models.Part) (ok bool, retryAt time.Time) {
	chain := interface{ Available() (bool, time.Time) }(o.providers.Texts)
	switch part {
	case models.PartImages:
		chain = o.providers.Images
	case models.PartPrices:
		chain = o.providers.Prices
	}
	return chain.Available()
}
